/// What a processor would do at ring 0 for a guest kernel that runs at ring 3: the instructions which fault there,
/// writes to pages that are page tables, reads of what is not mapped for it, and the CPUID leaves that such a guest may
/// see.
///
/// Facts come from Xen's `arch-x86/cpuid.h` and `arch-x86/cpufeatureset.h` and from the processor manuals. The package
/// knows neither KVM nor a domain: callers hand it registers ([GuestRegisters]) and the virtual processor's state
/// ([PrivilegedState]), and it hands back an outcome. Only the machine's exit loop and its poller call it.
///
/// Locks: none. [Instruction] and [PrivilegedOps] belong to one thread at a time; everything else is stateless or
/// immutable.
///
/// What the guest can do to us: the bytes of an instruction are its own, and another of its processors may change them
/// after the fault. So the caller copies them once, the decoder reads only that copy, and an instruction other than
/// the one that faulted is merely another request, subject to the same rules. Nothing here throws for any bytes or
/// register values, loops longer than 15 prefixes, or touches guest memory.
package xenolith.vmm.emul;
