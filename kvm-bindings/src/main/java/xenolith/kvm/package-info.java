/// The ioctls of `/dev/kvm`, one class per kind of file descriptor: [Kvm] (system), [KvmVm], [KvmVcpu].
///
/// Headers: `<linux/kvm.h>` and `<asm/kvm.h>`; the words are described in Documentation/virt/kvm/api.rst. Structs are
/// classes with a `LAYOUT` that bears the C field names and with static accessors; no offset is written as a number.
/// A test compares every layout, request number and constant with the C header of the machine it runs on.
///
/// Who may call: the machine, and the probes that find out what the host can do.
///
/// Locks: none. [Kvm] and [KvmVm] may be used from every thread, since KVM locks for itself and arguments are built in
/// the calling thread's memory. A [KvmVcpu] belongs to the thread that runs it; only
/// [KvmRun#immediateExit] may be called from elsewhere.
///
/// What the guest can do to us: it chooses nearly every value in [KvmRun] and in the register structs. Nothing here
/// interprets them. It can make KVM_RUN end with an internal error: that is an exit, not a
/// [xenolith.posix.HostException].
package xenolith.kvm;
