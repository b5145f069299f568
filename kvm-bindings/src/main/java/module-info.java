/// The KVM floor: the only native code of the project.
///
/// `xenolith.posix` holds the few libc calls a hypervisor needs, `xenolith.kvm` the ioctls of `<linux/kvm.h>`,
/// one class per kind of file descriptor. Nothing here knows of Xen.
module xenolith.kvm {
    exports xenolith.posix;
    exports xenolith.kvm;
}
