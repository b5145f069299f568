/// The disks that a domain can have: what is asked for ([xenolith.tool.disk.DiskConfig], by our words and xl's), the
/// images that are opened for it, and the devices made of them, here or in another process.
///
/// Who may call: those that run a domain or serve a disk to one, and a library's caller for the configuration.
///
/// Locks: a disk's own, in `xenolith.backend.blk`. A configuration is immutable.
///
/// What the guest can do to us: nothing here sees its requests; that is `xenolith.backend.blk`'s.
package xenolith.tool.disk;
