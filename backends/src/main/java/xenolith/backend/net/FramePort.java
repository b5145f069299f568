package xenolith.backend.net;

import xenolith.posix.Iovec;

/// One queue's end of a [FrameLink]. For one thread that sends and one that receives, which may be the same.
///
/// A frame is what the wire carries, from the destination's address on, behind a header of ten bytes: `struct
/// virtio_net_hdr` of `<linux/virtio_net.h>` in the host's byte order, as a TAP with `IFF_VNET_HDR` takes it. It says
/// what is left to do for the frame.
public interface FramePort extends AutoCloseable {
    int HEADER_BYTES = 10;
    /// A destination, a source, and what kind of frame it is: none is shorter.
    int ETHERNET_BYTES = 14;

    /// Sends a frame, whole or not at all, without waiting.
    ///
    /// @return 0, or `-errno`: -EAGAIN if there is no room now; the frame is the caller's still
    int send(Iovec frame);

    /// Takes the next frame, without waiting. What does not fit is cut off.
    ///
    /// @return its bytes with the header; 0 if the frame was dropped (malformed, say); -EAGAIN if none waits; another
    ///     `-errno` if none will come any more
    int receive(Iovec into);

    /// What `poll` finds readable when a frame waits. The port's own: not to be read or closed.
    int descriptor();

    @Override
    void close();
}
