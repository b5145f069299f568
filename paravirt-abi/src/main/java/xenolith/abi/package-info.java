/// Xen's public interface: numbers, struct layouts and the accessors of their fields, one class per public header.
///
/// **What lives here.** Each class names its header in its first line (`xen/include/public/…`, which Debian installs as
/// `/usr/include/xen/…`). A struct is a nested class (or the class itself where the header is about one struct) with
/// its `LAYOUT`, its `SIZEOF` and static accessors named after the C fields. An accessor takes a segment and the byte
/// offset `base` of the struct in it; a union's members have accessors side by side; a struct within a struct has an
/// accessor that turns the outer base into the inner one. Constants bear the C names in capitals. The image format of
/// guest kernels is here too ([xenolith.abi.ElfImage]), because kernels say in ELF notes what they need.
///
/// **Signs and sizes.** 8- and 16-bit unsigned fields come as `int`, zero-extended. 32-bit fields come as `int` and are
/// to be compared unsigned where the header says unsigned. 64-bit fields come as `long`. Setters cut to the width.
///
/// **Who may call.** Everyone: the package does no I/O, no native call, and keeps no state. It depends on nothing.
///
/// **Locks.** None. Fields that guest and hypervisor both write have volatile or atomic accessors only, or besides;
/// all others are plain.
///
/// **What the guest can do to us.** Nothing here is checked against a guest's wish: a field is read as it stands, and
/// where it stands in guest memory it may differ the next time. Copy a struct in once, check the copy, act on it.
/// [xenolith.abi.ElfImage] is the exception: it takes bytes that nobody vouches for, and checks every one it follows.
package xenolith.abi;
