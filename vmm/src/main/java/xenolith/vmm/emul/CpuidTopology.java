package xenolith.vmm.emul;

/// The one shape that every guest sees: a single package of `vcpuCount` cores with one thread each, where the APIC id of
/// a processor is its vCPU id. Hosts' own shapes would tell schedulers of siblings that are not there.
final class CpuidTopology {
    private CpuidTopology() {}

    /// How many bits number the cores of the package.
    static int coreIdBits(int vcpuCount) {
        return 32 - Integer.numberOfLeadingZeros(vcpuCount - 1);
    }

    /// EBX of leaf 1: APIC id and the number of logical processors over the host's brand index and CLFLUSH size.
    static int leaf1Ebx(int hostEbx, CpuidPolicy.Guest guest) {
        int logical = Math.min(255, guest.vcpuCount());
        return hostEbx & 0xffff | logical << 16 | (guest.vcpuId() & 0xff) << 24;
    }

    /// EAX of a sub-leaf of leaf 4: caches of level 3 and up are shared by the package, the others belong to one core.
    static int leaf4Eax(int hostEax, int vcpuCount) {
        int ids = 1 << coreIdBits(vcpuCount);
        int sharing = (hostEax >> 5 & 7) >= 3 ? Math.min(0xfff, ids - 1) : 0;
        int cores = Math.min(0x3f, ids - 1);
        return hostEax & 0x3ff | sharing << 14 | cores << 26;
    }

    /// Leaf 0xB: level 0 threads, level 1 cores, then the end.
    static void addExtendedTopology(CpuidEntries out, CpuidPolicy.Guest guest) {
        int apicId = guest.vcpuId();
        int threads = 1;
        int cores = 2;
        out.subleaf(0xb, 0, 0, 1, threads << 8, apicId);
        out.subleaf(0xb, 1, coreIdBits(guest.vcpuCount()), guest.vcpuCount(), cores << 8 | 1, apicId);
        out.subleaf(0xb, 2, 0, 0, 2, apicId);
    }

    /// ECX of leaf 0x80000008 on AMD: the width of a core id, and the number of cores less one.
    static int leaf80000008Ecx(int vcpuCount) {
        return coreIdBits(vcpuCount) << 12 | Math.min(0xff, vcpuCount - 1);
    }

    /// Leaf 0x8000001E on AMD: APIC id, core id, and the only node.
    static void addAmdTopology(CpuidEntries out, CpuidPolicy.Guest guest) {
        out.leaf(0x8000001e, guest.vcpuId(), guest.vcpuId() & 0xff, 0, 0);
    }
}
