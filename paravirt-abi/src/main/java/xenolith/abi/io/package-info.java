/// Rings and messages over shared pages: the byte rings of console and xenstore, the rings of requests and responses of
/// all other devices with what stands in them, the xenstore wire, device states.
///
/// **Headers.** xen/include/public/io/console.h, io/xs_wire.h, io/xenbus.h, io/ring.h, io/blkif.h, io/netif.h and
/// io/protocols.h.
///
/// **Who may call.** Backends, and tests that play the guest: [xenolith.abi.io.FrontRing] is there for theirs alone, of
/// several modules, and nothing that runs a guest uses it. A ring's end belongs to one thread at a time.
///
/// **Locks.** None. One side writes an index and the other reads it, with release and acquire.
///
/// **What the guest can do to us.** It owns half the indices and can write the others too. An end keeps its own index
/// in a private field and never reads it back from the page; the peer's index is read once for each call and refused
/// with -EINVAL if it claims more than the ring holds. The bytes themselves are copied out once and are anyone's: a
/// request in a [xenolith.abi.io.BackRing] is checked as the copy that [xenolith.abi.io.BackRing#take] made.
package xenolith.abi.io;
