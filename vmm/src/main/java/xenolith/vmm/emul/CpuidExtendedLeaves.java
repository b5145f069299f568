package xenolith.vmm.emul;

/// Leaves 0x80000000 and up. Those left out read as zeros: SVM, instruction-based sampling, memory encryption, 1 GiB TLBs.
final class CpuidExtendedLeaves {
    private static final int FIRST = 0x80000000;
    private static final int LAST_INTEL = 0x80000008;
    private static final int LAST_AMD = 0x80000021;
    /// Linear addresses have 48 bits, since five-level paging is hidden.
    private static final int LINEAR_ADDRESS_BITS = 48;
    private static final int MAX_PHYSICAL_ADDRESS_BITS = 52;

    private final CpuidHostView host;
    private final CpuidPolicy.Guest guest;
    private final CpuidEntries out;

    CpuidExtendedLeaves(CpuidHostView host, CpuidPolicy.Guest guest, CpuidEntries out) {
        this.host = host;
        this.guest = guest;
        this.out = out;
    }

    void add() {
        int last = host.isAmd() ? LAST_AMD : LAST_INTEL;
        int max = Integer.compareUnsigned(host.maxExtended(), last) < 0 ? host.maxExtended() : last;
        out.leaf(FIRST, max, host.ebx(FIRST, 0), host.ecx(FIRST, 0), host.edx(FIRST, 0));
        addFeatures();
        // The processor's name, then its caches and TLBs.
        for (int leaf = FIRST + 2; leaf <= FIRST + 6; leaf++) {
            out.leaf(leaf, host.eax(leaf, 0), host.ebx(leaf, 0), host.ecx(leaf, 0), host.edx(leaf, 0));
        }
        out.leaf(FIRST + 7, 0, 0, 0, host.edx(FIRST + 7, 0) & CpuidMasks.ALLOWED_E7D);
        addAddressSizes();
        if (host.isAmd()) {
            addAmd();
        }
    }

    private void addFeatures() {
        int ecx = host.ecx(FIRST + 1, 0) & CpuidMasks.ALLOWED_E1C;
        if (!host.hasAvx()) {
            ecx &= ~CpuidMasks.NEEDS_AVX_E1C;
        }
        int edx = host.edx(FIRST + 1, 0) & CpuidMasks.ALLOWED_E1D;
        int ebx = 0;
        if (host.isAmd()) {
            ebx = host.ebx(FIRST + 1, 0);
            edx |= CpuidBasicLeaves.featuresEdx(host, guest) & CpuidMasks.COMMON_E1D;
            if (guest.vcpuCount() > 1) {
                ecx |= CpuidMasks.CMP_LEGACY_E1C;
            }
        }
        out.leaf(FIRST + 1, host.eax(FIRST + 1, 0), ebx, ecx, edx);
    }

    private void addAddressSizes() {
        int physical = Math.min(host.eax(FIRST + 8, 0) & 0xff, MAX_PHYSICAL_ADDRESS_BITS);
        int ebx = host.ebx(FIRST + 8, 0) & CpuidMasks.ALLOWED_E8B;
        int ecx = host.isAmd() ? CpuidTopology.leaf80000008Ecx(guest.vcpuCount()) : 0;
        out.leaf(FIRST + 8, physical | LINEAR_ADDRESS_BITS << 8, ebx, ecx, 0);
    }

    private void addAmd() {
        out.leaf(FIRST + 0x1a, host.eax(FIRST + 0x1a, 0) & CpuidMasks.ALLOWED_E1AA, 0, 0, 0);
        CpuidTopology.addAmdTopology(out, guest);
        out.leaf(FIRST + 0x21, host.eax(FIRST + 0x21, 0) & CpuidMasks.ALLOWED_E21A, 0, 0, 0);
    }
}
