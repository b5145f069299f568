package xenolith.backend.net;

import java.lang.foreign.MemorySegment;

/// What decides of each frame of an interface whether it passes: the rules of section 3.3.5 of the paper. Called by the
/// threads of all queues of the interface at once, while the rules may be changed.
///
/// `head` is a copy of ours that the guest cannot change: the frame from the destination's address on, or as much of it
/// as [#HEAD_BYTES]. It may be rewritten (addresses and ports, with their checksums), not made longer.
public interface FrameFilter {
    /// Enough for Ethernet with a VLAN tag, IPv6 or IPv4 with options, and TCP with options.
    int HEAD_BYTES = 192;

    /// A frame that the guest sends.
    ///
    /// @param vnetHeader the ten bytes that will go before it; a rewritten checksum must suit what it says
    /// @param headBytes how much of `head` is frame
    /// @param frameBytes the whole frame's length
    /// @return false to drop it
    boolean fromGuest(MemorySegment vnetHeader, MemorySegment head, int headBytes, int frameBytes);

    /// A frame that the guest is to receive; likewise.
    boolean toGuest(MemorySegment vnetHeader, MemorySegment head, int headBytes, int frameBytes);
}
