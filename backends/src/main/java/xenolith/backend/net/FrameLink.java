package xenolith.backend.net;

/// What an interface is attached to: a TAP of the host's, a switch between domains, a process that speaks for the host.
public interface FrameLink extends AutoCloseable {
    /// The most queues that it can serve at once, at least 1.
    int maxQueues();

    /// Its end for one queue. A link of one queue takes every frame there; one of several hashes flows over them.
    ///
    /// @param queue from 0, below [#maxQueues]
    /// @throws xenolith.posix.HostException if the host refuses it
    FramePort open(int queue);

    /// Whether frames may come and go unfinished, their checksum or their cutting into segments left to who is behind
    /// the link. If not, the header of each frame is all zeroes, both ways.
    boolean takesOffloads();

    /// Says which unfinished frames the guest takes, before the ports of a connection are opened. A link that hands over
    /// others all the same has their checksums finished by us, and those that are still to be cut dropped.
    ///
    /// @param checksums frames whose checksum is still to be computed
    /// @param tcpv4     TCP that is still to be cut into segments, of IPv4
    /// @param tcpv6     the same of IPv6
    default void guestTakes(boolean checksums, boolean tcpv4, boolean tcpv6) {
    }

    /// The biggest frame without its header, in bytes: with offloads, one that is still to be cut.
    int maxFrameBytes();

    /// Ends it, after its ports.
    @Override
    void close();
}
