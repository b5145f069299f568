/// What holds a disk's contents on the host: [xenolith.backend.image.DiskImage] is what the block backend sees of it,
/// and [xenolith.backend.image.RawImage] a file or block device whose bytes are the disk's. Over others lie
/// [xenolith.backend.image.OverlayImage], whose writes are thrown away, [xenolith.backend.image.ExtentsImage], made of
/// pieces of files by a table that can be exchanged, and what [xenolith.backend.image.DiskScheduler] makes, which waits for
/// turns.
///
/// A read or write is waited for; or it is a [xenolith.backend.image.Transfer], which an image may begin in a
/// [xenolith.backend.image.TransferQueue] while its caller goes on. Raw images past the host's page cache do so, and what
/// lies over them without having a part in reads and writes.
///
/// Nothing here knows of domains or rings.
///
/// Who may call: the block backend, from a thread for each of its queues; the tool, which opens and closes images.
///
/// Locks: none for data, but a scheduler's for a moment; `ExtentFiles` has its own, for opening, closing and flushing. A
/// file is locked as long as it is open, against other disks and against QEMU: [xenolith.backend.image.ImageLock].
///
/// What the guest can do to us: nothing but what a disk is for. The backend has checked each range before it comes here.
package xenolith.backend.image;
