/// The domain builder: lays a kernel, its initrd, page tables and `start_info` into a domain's frames as `xen.h`
/// ("start of day") describes and real Xen's builder does, in that order, for some guests count on it.
///
/// Who may call: [xenolith.vmm.machine]. Lock: none, the domain does not run yet. The kernel image is hostile input that
/// [xenolith.vmm.image] has checked; what remains to be checked here is whether it fits the memory.
package xenolith.vmm.build;
