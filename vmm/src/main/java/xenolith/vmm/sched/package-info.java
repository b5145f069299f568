/// Time: the clock that guest and hypervisor share, a vcpu's timers and its run states (`xen/vcpu.h`, `xen.h`).
///
/// Who may call: the vcpu and sched hypercalls and the exit loop. Lock: the domain's.
/// The guest can ask for any timeout; one in the past is due at once, and each deadline raises one event.
package xenolith.vmm.sched;
