package xenolith.vmm.emul;

/// What [PrivilegedOps] needs of a virtual processor beyond its general registers: the virtual control, debug and
/// segment-base registers, and the domain's rules for ports. Implemented over the domain's vCPU; no method allocates.
///
/// Setters are called with values that the architecture allows (canonical bases, permitted bits); what only the domain
/// can judge is judged by the setters that return a `boolean`, where `false` gives the guest a #GP.
public interface PrivilegedState extends SegmentBases {
    /// The ring that privilege checks go by: 3 in guest-user mode; in guest-kernel mode 1, or 0 once the domain has
    /// asked for VMASST_TYPE_architectural_iopl.
    int virtualCpl();

    /// The I/O privilege level set by PHYSDEVOP_set_iopl. It starts at 0; Linux raises it to 1 before it touches a port.
    int iopl();

    /// Whether the I/O bitmap (PHYSDEVOP_set_iobitmap) allows all of `byteLength` ports from `port` on.
    boolean portsPermitted(int port, int byteLength);

    /// Whether the trap table has an entry for #GP. Until it has, a refusal would kill the domain.
    boolean hasGpHandler();

    int vcpuId();

    /// CR0.TS of the virtual CR0.
    boolean taskSwitched();

    void taskSwitched(boolean set);

    long cr2();

    void cr2(long value);

    /// The kernel's root in the form that the guest knows: mfn << 12.
    long cr3();

    /// Loads a new kernel root; false if that frame cannot be one.
    boolean cr3(long value);

    /// The virtual CR4, 0x40660 at start.
    long cr4();

    void cr4(long value);

    /// `number` is 0 to 3, 6 or 7.
    long debugRegister(int number);

    /// False if the value is one that set_debugreg would refuse.
    boolean debugRegister(int number, long value);

    void fsBase(long value);

    void gsBase(long value);

    /// The GS base that is not in use: guest user's while the kernel runs (MSR_KERNEL_GS_BASE).
    long shadowGsBase();

    void shadowGsBase(long value);

    long xcr0();

    void xcr0(long value);

    /// The guest's time stamp counter now.
    long tsc();

    long tscAux();

    void tscAux(long value);

    /// Drops the translation of `virtualAddress`, which may be non-canonical.
    void invalidatePage(long virtualAddress);

    /// The domain's CPUID: EAX, EBX, ECX and EDX of `leaf` and `subleaf` into `out[0..3]`.
    void cpuid(int leaf, int subleaf, int[] out);
}
