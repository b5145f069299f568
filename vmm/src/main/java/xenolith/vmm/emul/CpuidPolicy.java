package xenolith.vmm.emul;

/// The CPUID table of one virtual processor: the host processor's leaves, cut down to what a PV guest may use, and
/// Xen's own. The same table goes to KVM, for `cpuid` executed natively, and answers the forced and emulated ones.
///
/// Immutable once built. A leaf or sub-leaf that is not in the table reads as zeros, on Intel and AMD alike, as under
/// Xen.
public final class CpuidPolicy {
    /// KVM_CPUID_FLAG_SIGNIFCANT_INDEX: the entry answers one value of ECX only.
    public static final int SIGNIFICANT_INDEX = 1;

    /// What the table must know of its guest. `machineAddressWidth` is in bits, and above 44 makes Linux ask for
    /// version 2 grant tables.
    public record Guest(int vcpuCount, int vcpuId, long tscKhz, int machineAddressWidth) {
        public Guest {
            if (vcpuId < 0 || vcpuId >= vcpuCount) {
                throw new IllegalArgumentException("vcpuId=" + vcpuId + " vcpuCount=" + vcpuCount);
            }
            if (tscKhz <= 0) {
                throw new IllegalArgumentException("tscKhz=" + tscKhz);
            }
        }
    }

    private final CpuidEntries entries;

    private CpuidPolicy(CpuidEntries entries) {
        this.entries = entries;
    }

    /// Reads the host's leaves and builds the table.
    public static CpuidPolicy build(HostCpuid host, Guest guest) {
        CpuidEntries entries = new CpuidEntries();
        CpuidHostView view = new CpuidHostView(host);
        new CpuidBasicLeaves(view, guest, entries).add();
        XenCpuidLeaves.add(entries, guest, view.hasInvariantTsc(), view.hasRdtscp());
        new CpuidExtendedLeaves(view, guest, entries).add();
        return new CpuidPolicy(entries);
    }

    /// What the guest may have in XCR0; 1, the x87 alone, where there is no XSAVE.
    public long xcr0() {
        int entry = entries.find(0xd, 0);
        return entry < 0 ? 1 : entries.register(entry, 0) & 0xffff_ffffL;
    }

    public int size() {
        return entries.size();
    }

    public int function(int entry) {
        return entries.function(entry);
    }

    public int index(int entry) {
        return entries.index(entry);
    }

    /// [#SIGNIFICANT_INDEX] or 0.
    public int flags(int entry) {
        return entries.flags(entry);
    }

    public int eax(int entry) {
        return entries.register(entry, 0);
    }

    public int ebx(int entry) {
        return entries.register(entry, 1);
    }

    public int ecx(int entry) {
        return entries.register(entry, 2);
    }

    public int edx(int entry) {
        return entries.register(entry, 3);
    }

    /// Answers CPUID into `out[0..3]`: EAX, EBX, ECX, EDX. Allocates nothing. OSXSAVE shows as set; whoever has a virtual
    /// CR4 lets the bit follow it.
    public void lookup(int leaf, int subleaf, int[] out) {
        int entry = entries.find(leaf, subleaf);
        for (int i = 0; i < 4; i++) {
            out[i] = entry < 0 ? 0 : entries.register(entry, i);
        }
    }
}
