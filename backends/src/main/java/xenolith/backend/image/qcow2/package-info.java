/// Disks in qcow2 images. [xenolith.backend.image.qcow2.Qcow2Image] is the disk; `Reader`, `Writer` and `Discarder` do
/// requests; `Tables` holds the image's own structures: `ClusterMap` where each cluster of the disk lies, `Refcounts` how
/// often each cluster of the file is referred to, `Allocator` and `Frees` what becomes of clusters.
///
/// Format: *The qcow2 image format*, versions 2 and 3, of QEMU's documentation (`docs/interop/qcow2`). Not supported,
/// and refused by name: encryption, external data files, subclusters. The dirty and corrupt bits refuse writers. Internal
/// snapshots stay as they are: what they share has more than one reference, and is copied before it is changed.
/// Dirty bitmaps are declared invalid by the first writer, as the format asks of who does not keep them.
///
/// Crashes: changed tables stay in memory until a flush, or until many have changed. `Commit` then writes them in an
/// order by which the file is sound wherever it is cut off; `Frees` keeps what was given up from being used before. So
/// there is nothing to mend after a crash, and the dirty bit is never needed.
///
/// Who may call: any number of threads, each with a request of its own.
///
/// Locks: that of commits, one at a time, then `Tables.lock`, under which tables are read from the file but no data is
/// moved, and no hole is made in the file (`Cut`). `InFlight` says who is at work outside it, so that two writers do not
/// give one cluster two places and nothing is used for something else that a reader still reads.
///
/// What the guest can do to us: use its disk. What the image can do to us, which may come from a stranger: name any
/// place, any size and any file behind it. `HeaderReader` bounds tables (32 MiB, 8 MiB) and refuses what it does not
/// know; each entry is checked when it is used, in its copy in memory, and a wrong one is an I/O error of the request.
/// Memory is bounded by those tables and by caches of about 10 MiB, of 64 MiB where clusters are 2 MiB. An image that
/// contradicts itself destroys itself at worst. Its backing file may be any that the process can read: who opens
/// it says whether it may have one.
package xenolith.backend.image.qcow2;
