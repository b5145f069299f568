/// The kernel file: from what the user names to an ELF image, its Xen notes and where its parts go in memory.
///
/// [KernelImage] recognises the container (a plain ELF, a compressed ELF, Linux's bzImage), unpacks the payload and
/// keeps the result in a cache. [XenNotes] reads what the kernel says of itself to a Xen domain builder
/// (`xen/include/public/elfnote.h`, or the older `__xen_guest` section). [KernelLayout] computes where each loadable
/// segment goes. Nothing here touches a guest.
///
/// Who may call: the machine and its domain builder. Locks: none; no class here is shared between threads
/// while it works, and two processes may share the cache directory, which is written by rename alone.
///
/// What a guest can do to us: everything in the file is its author's. Sizes and offsets are checked before they are
/// used, what a payload unpacks to is bounded by [KernelImage#MAX_BYTES], and whatever is wrong ends in a
/// [BadKernelException] with one line for the user. The LZ4 and zstd decoders of aircompressor check bounds by their
/// own code, over `Unsafe`: with kernels of those two formats we rely on that library being right.
///
/// What stays unseen: the legacy LZ4 frame has no checksum, so a damaged byte among an LZ4 kernel's literals unpacks
/// to a damaged kernel. The other formats have one, except lzma.
package xenolith.vmm.image;
