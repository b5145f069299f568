/// Disks: serves the requests of a domain's block frontends out of disk images
/// ([xenolith.backend.image]).
///
/// Header: `xen/io/blkif.h`. [xenolith.backend.blk.BlkBackend] is the device, of which each connection has one to four
/// queues; a queue is a ring, an event port and a thread. A request's copy is checked by `BlkRequest`, its pages are
/// mapped by `GrantedPages`, and one transfer moves the data of neighbours (`BlkRun`) between image and the guest's own
/// pages. Where the image can do that, several are under way at once (`BlkRuns`) and are answered in any order.
///
/// A disk may be held to so much in a second ([xenolith.backend.blk.BlkLimit]): its queues then leave requests in the ring.
///
/// Who may call: the tool that wires a domain's devices.
///
/// Locks: none of its own but a limit's, for a moment; mapping a page takes the domain's for a moment. A queue's parts belong to its thread.
///
/// What the guest can do to us: send any request. One that is wrong (a sector beyond the end, a segment that is none, a
/// page that it does not grant) is answered with the interface's error; ring indices that cannot be true close the
/// device. A page stays mapped while data moves, whatever the guest does to its grant: a queue ends when the host is done
/// with all of them, however long that takes. Memory for a device is bounded by its queues: 2048 persistent grants, and 64
/// requests of 256 segments each.
package xenolith.backend.blk;
