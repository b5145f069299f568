package xenolith.vmm.emul;

/// Leaves 0 to 0xD. Those left out read as zeros: power management, performance counters, and everything past XSAVE.
final class CpuidBasicLeaves {
    private static final int LAST = 0xd;
    /// A bound on what the host may list; processors have four or five caches.
    private static final int MAX_CACHES = 8;
    /// The XSAVE area begins with the legacy region and the header; the first component behind them is number 2.
    private static final int XSAVE_BASE_BYTES = 0x240;
    private static final int FIRST_COMPONENT = 2;
    private static final int LAST_COMPONENT = 7;
    /// ECX of a component: it is aligned in the compacted format.
    private static final int ALIGNED = 2;
    private static final int ALIGNMENT = 64;

    private final CpuidHostView host;
    private final CpuidPolicy.Guest guest;
    private final CpuidEntries out;

    CpuidBasicLeaves(CpuidHostView host, CpuidPolicy.Guest guest, CpuidEntries out) {
        this.host = host;
        this.guest = guest;
        this.out = out;
    }

    void add() {
        int max = Integer.compareUnsigned(host.maxBasic(), LAST) < 0 ? host.maxBasic() : LAST;
        out.leaf(0, max, host.ebx(0, 0), host.ecx(0, 0), host.edx(0, 0));
        addFeatures();
        if (!host.isAmd()) {
            out.leaf(2, host.eax(2, 0), host.ebx(2, 0), host.ecx(2, 0), host.edx(2, 0));
            addCaches();
        }
        if (max >= 7) {
            addStructuredFeatures();
        }
        if (max >= 0xb) {
            CpuidTopology.addExtendedTopology(out, guest);
        }
        if (max >= 0xd && host.hasXsave()) {
            addXsave();
        }
    }

    private void addFeatures() {
        int ecx = host.ecx(1, 0) & CpuidMasks.ALLOWED_1C | CpuidMasks.HYPERVISOR_1C;
        if (host.hasXsave()) {
            ecx |= CpuidMasks.OSXSAVE_1C;
        }
        if (!host.hasAvx()) {
            ecx &= ~CpuidMasks.NEEDS_AVX_1C;
        }
        out.leaf(1, host.eax(1, 0), CpuidTopology.leaf1Ebx(host.ebx(1, 0), guest), ecx, featuresEdx(host, guest));
    }

    /// EDX of leaf 1, which AMD repeats in leaf 0x80000001.
    static int featuresEdx(CpuidHostView host, CpuidPolicy.Guest guest) {
        int edx = host.edx(1, 0) & CpuidMasks.ALLOWED_1D;
        return guest.vcpuCount() > 1 ? edx | CpuidMasks.HTT_1D : edx;
    }

    private void addCaches() {
        for (int i = 0; i < MAX_CACHES; i++) {
            int eax = host.eax(4, i);
            if ((eax & 0x1f) == 0) {
                break;
            }
            int shaped = CpuidTopology.leaf4Eax(eax, guest.vcpuCount());
            out.subleaf(4, i, shaped, host.ebx(4, i), host.ecx(4, i), host.edx(4, i) & 7);
        }
    }

    private void addStructuredFeatures() {
        int ebx = host.ebx(7, 0) & CpuidMasks.ALLOWED_7B;
        int ecx = host.ecx(7, 0) & CpuidMasks.ALLOWED_7C;
        int eax1 = host.eax(7, 0) == 0 ? 0 : host.eax(7, 1) & CpuidMasks.ALLOWED_7_1A;
        if (!host.hasAvx()) {
            ebx &= ~CpuidMasks.NEEDS_AVX_7B;
            ecx &= ~CpuidMasks.NEEDS_AVX_7C;
            eax1 &= ~CpuidMasks.NEEDS_AVX_7_1A;
        }
        int edx = host.edx(7, 0) & CpuidMasks.ALLOWED_7D;
        if (!host.hasAvx512()) {
            ebx &= ~CpuidMasks.NEEDS_AVX512_7B;
            ecx &= ~CpuidMasks.NEEDS_AVX512_7C;
            edx &= ~CpuidMasks.NEEDS_AVX512_7D;
            eax1 &= ~CpuidMasks.NEEDS_AVX512_7_1A;
        }
        out.subleaf(7, 0, eax1 == 0 ? 0 : 1, ebx, ecx, edx);
        if (eax1 != 0) {
            out.subleaf(7, 1, eax1, 0, 0, 0);
        }
    }

    /// Rebuilt rather than filtered, since the sizes of the host include registers that the guest has not.
    private void addXsave() {
        int area = XSAVE_BASE_BYTES;
        int compacted = XSAVE_BASE_BYTES;
        for (int component = FIRST_COMPONENT; component <= LAST_COMPONENT; component++) {
            if ((host.xcr0() >>> component & 1) != 0) {
                int bytes = host.eax(0xd, component);
                int offset = host.ebx(0xd, component);
                int flags = host.ecx(0xd, component) & ALIGNED;
                out.subleaf(0xd, component, bytes, offset, flags, 0);
                area = Math.max(area, offset + bytes);
                compacted = (flags == 0 ? compacted : compacted + ALIGNMENT - 1 & -ALIGNMENT) + bytes;
            }
        }
        out.subleaf(0xd, 0, host.xcr0(), area, area, 0);
        out.subleaf(0xd, 1, host.eax(0xd, 1) & CpuidMasks.ALLOWED_D_1A, compacted, 0, 0);
    }
}
