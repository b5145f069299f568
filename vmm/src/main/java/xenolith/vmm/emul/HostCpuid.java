package xenolith.vmm.emul;

/// The host processor's own CPUID instruction. What KVM reports as supported may be much less than what runs natively
/// at ring 3, so the policy starts from the processor.
public interface HostCpuid {
    /// EAX, EBX, ECX and EDX of `leaf` and `subleaf` into `out[0..3]`.
    void cpuid(int leaf, int subleaf, int[] out);
}
