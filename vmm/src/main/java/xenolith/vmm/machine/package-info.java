/// The machine: KVM's virtual machine and vcpus, one thread for each vcpu that runs the exit loop, and the poller that
/// answers hypercalls without an exit.
///
/// Who may call: the tool. Lock: the domain's, held by a vcpu's thread whenever it is out of the guest and not asleep,
/// and by the poller while it answers.
///
/// What the guest can do to us: reach any exit with any registers. Whatever it does ends in an answer, a fault of its
/// own or its crash with a reason; an exception in here crashes the domain, never the process.
package xenolith.vmm.machine;
