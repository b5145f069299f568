/// Network interfaces: joins a domain's network frontends to what the host offers.
///
/// Header: `xen/io/netif.h`, whose *tx* is what the guest sends. [xenolith.backend.net.NetBackend] is the device; each
/// connection has one queue or several. A queue is two rings, of which `TxPath` serves the one and `RxPath` the other,
/// and one or two event ports; a frontend may have a `ControlRing` beside them. [xenolith.backend.net.NetWorker] is a
/// thread that serves queues in turn.
///
/// A [xenolith.backend.net.FrameLink] is what an interface is attached to, a [xenolith.backend.net.FramePort] its end
/// for one queue: [xenolith.backend.net.TapLink] is a TAP of the host's. A [xenolith.backend.net.FrameFilter] looks at
/// every frame in between.
///
/// Who may call: the tool that wires a domain's devices.
///
/// Locks: an `RxRing`'s monitor within a worker's lock, which is held for a round, so that a queue can be taken away from
/// it; using a grant takes the domain's for a moment. A queue's parts belong to its worker's thread.
///
/// What the guest can do to us: post any slot. A packet that breaks the rules (too many pieces, a piece that leaves its
/// page, a page that is not granted, nonsense about how to cut it) is answered with the interface's error; ring indices
/// that cannot be true, and packets without an end, close the device. What is decided of a frame is decided over a copy
/// of its head; the rest goes from the guest's page to the host as it stands. Memory for a queue is bounded: one frame
/// each way.
package xenolith.backend.net;
