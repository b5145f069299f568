package xenolith.vmm.machine;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import xenolith.kvm.CpuidTable;
import xenolith.kvm.Kvm;
import xenolith.kvm.KvmVcpu;
import xenolith.kvm.KvmVm;
import xenolith.posix.Fd;
import xenolith.posix.Mapping;
import xenolith.posix.Memfd;
import xenolith.posix.NativeCode;
import xenolith.vmm.domain.FreeFrames;
import xenolith.vmm.emul.CpuidPolicy;
import xenolith.vmm.evtchn.SendBells;
import xenolith.vmm.guest.FrameAllocator;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.host.Capability;
import xenolith.vmm.host.HostProfile;
import xenolith.vmm.mm.FrameTable;
import xenolith.vmm.mm.MachineToPhys;
import xenolith.vmm.monitor.Monitor;
import xenolith.vmm.port.SharedMemory;

/// One domain's share of the host: KVM's virtual machine, the memory behind it and the vcpus, bottom up; closed top
/// down.
final class Machine implements AutoCloseable {
    /// Where VT-x hosts keep a page for themselves; other hosts do not care.
    private static final long TSS_ADDRESS = 0xfffb_d000L;
    private static final int MEMORY_SLOT = 0;
    private static final long LARGE_FRAMES = 512;
    private static final int MSR_TSC = 0x10;
    private static final int MSR_STAR = 0xc000_0081;
    private static final int MSR_LSTAR = 0xc000_0082;
    private static final int MSR_CSTAR = 0xc000_0083;
    private static final int MSR_SFMASK = 0xc000_0084;
    /// TF, DF and NT are cleared by SYSCALL; R11 keeps them for the guest.
    private static final long SFMASK = 0x4500;
    /// At most 44 bits, lest guests ask for grant tables of version 2.
    private static final int MACHINE_ADDRESS_WIDTH = 40;
    /// Hypervisor frames of a domain beside the machine-to-phys array: monitor code and tables, and per vcpu.
    private static final long HEAP_FRAMES = 512;
    private static final long HEAP_FRAMES_PER_VCPU = 64;
    /// Frames that a domain may get in exchange for others, so that contiguous ones can be had. They cost nothing
    /// before they are used, and then it has given up as many.
    private static final long SPARE_FRAMES = 2 * LARGE_FRAMES;

    private final Deque<AutoCloseable> cleanup = new ArrayDeque<>();
    private final KvmVm vm;
    private final KvmVcpu[] vcpus;
    private final CpuidPolicy[] cpuids;
    private final Mapping mapping;
    private final MachineMemory memory;
    private final FrameAllocator allocator;
    private final FrameTable frames;
    private final MachineToPhys m2p;
    private final long m2pMfn;
    private final long domainMfn;
    private final long domainFrames;
    private final long spareMfn;
    /// The domain's frames, which backends in other processes may be given. The hypervisor's lie in another memfd, behind
    /// them in the mapping.
    private final Fd memfd;
    private final long sharedBytes;
    private final long tscKhz;
    private final long tscOffset;

    Machine(String name, long memoryBytes, int vcpuCount) {
        domainFrames = memoryBytes >>> MachineMemory.PAGE_SHIFT;
        long heap = wholeLargeFrames(HEAP_FRAMES + HEAP_FRAMES_PER_VCPU * vcpuCount + domainFrames / 256);
        sharedBytes = wholeLargeFrames(domainFrames + SPARE_FRAMES) << MachineMemory.PAGE_SHIFT;
        long hiddenBytes = heap << MachineMemory.PAGE_SHIFT;
        long total = sharedBytes + hiddenBytes >>> MachineMemory.PAGE_SHIFT;
        boolean complete = false;
        try {
            Kvm kvm = owned(Kvm.open());
            vm = owned(kvm.createVm());
            vm.setTssAddr(TSS_ADDRESS);
            memfd = owned(Memfd.create("xenolith-" + name, sharedBytes));
            Fd hidden = owned(Memfd.create("xenolith-monitor-" + name, hiddenBytes));
            mapping = owned(Mapping.sharedPair(memfd, sharedBytes, hidden, hiddenBytes));
            memory = new MachineMemory(mapping.segment());
            vm.setMemory(MEMORY_SLOT, MachineMemory.BASE_MFN << MachineMemory.PAGE_SHIFT,
                    total << MachineMemory.PAGE_SHIFT, mapping.address(), 0);
            allocator = new FrameAllocator(memory);
            frames = new FrameTable(total);
            domainMfn = allocator.allocate(domainFrames);
            spareMfn = allocator.allocate(SPARE_FRAMES);
            long m2pFrames = (total * Long.BYTES + MachineMemory.PAGE_SIZE - 1) >>> MachineMemory.PAGE_SHIFT;
            allocator.skipTo(MachineMemory.BASE_MFN + (sharedBytes >>> MachineMemory.PAGE_SHIFT));
            m2pMfn = allocator.allocate(m2pFrames);
            m2p = new MachineToPhys(m2pSegment(total));
            vcpus = new KvmVcpu[vcpuCount];
            cpuids = new CpuidPolicy[vcpuCount];
            vcpus[0] = owned(vm.createVcpu(0));
            tscKhz = vcpus[0].tscKhz();
            tscOffset = tscOffset(vcpus[0]);
            for (int id = 0; id < vcpuCount; id++) {
                initVcpu(id);
            }
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    private static long wholeLargeFrames(long frameCount) {
        return frameCount + LARGE_FRAMES - 1 & -LARGE_FRAMES;
    }

    private MemorySegment m2pSegment(long frameCount) {
        return memory.segment().asSlice(MachineMemory.offset(m2pMfn << MachineMemory.PAGE_SHIFT),
                frameCount * Long.BYTES);
    }

    private void initVcpu(int id) {
        if (vcpus[id] == null) {
            vcpus[id] = owned(vm.createVcpu(id));
        }
        cpuids[id] = CpuidPolicy.build(NativeCode::cpuid,
                new CpuidPolicy.Guest(vcpus.length, id, tscKhz, MACHINE_ADDRESS_WIDTH));
        vcpus[id].setCpuid(table(cpuids[id]));
        vcpus[id].setXcr0(cpuids[id].xcr0());
        vcpus[id].setMsr(MSR_STAR, Monitor.star());
        vcpus[id].setMsr(MSR_LSTAR, Monitor.lstar(id));
        vcpus[id].setMsr(MSR_CSTAR, Monitor.cstar(id));
        vcpus[id].setMsr(MSR_SFMASK, SFMASK);
        vcpus[id].setSignalMask(0);
    }

    private static CpuidTable table(CpuidPolicy policy) {
        CpuidTable table = new CpuidTable();
        for (int i = 0; i < policy.size(); i++) {
            table.add(policy.function(i), policy.index(i), policy.flags(i), policy.eax(i), policy.ebx(i),
                    policy.ecx(i), policy.edx(i));
        }
        return table;
    }

    /// What a vcpu's TSC is ahead of the host's: nothing where KVM leaves it alone.
    private static long tscOffset(KvmVcpu vcpu) {
        long before = NativeCode.rdtsc();
        long guest = vcpu.getMsr(MSR_TSC);
        long after = NativeCode.rdtsc();
        return guest >= before && guest <= after ? 0 : guest - (before + after) / 2;
    }

    private <T extends AutoCloseable> T owned(T resource) {
        cleanup.push(resource);
        return resource;
    }

    KvmVcpu vcpu(int id) {
        return vcpus[id];
    }

    CpuidPolicy cpuid(int id) {
        return cpuids[id];
    }

    MachineMemory memory() {
        return memory;
    }

    Mapping mapping() {
        return mapping;
    }

    FrameAllocator allocator() {
        return allocator;
    }

    FrameTable frames() {
        return frames;
    }

    MachineToPhys m2p() {
        return m2p;
    }

    long m2pMa() {
        return m2pMfn << MachineMemory.PAGE_SHIFT;
    }

    /// The domain's frames, and those that it may get in exchange.
    SharedMemory sharedMemory() {
        return new SharedMemory() {
            @Override
            public int descriptor() {
                return memfd.raw();
            }

            @Override
            public long byteLength() {
                return sharedBytes;
            }

            @Override
            public long offsetOf(MemorySegment page) {
                return page.address() - mapping.address();
            }
        };
    }

    long domainMfn() {
        return domainMfn;
    }

    long domainFrames() {
        return domainFrames;
    }

    long tscKhz() {
        return tscKhz;
    }

    long tscOffset() {
        return tscOffset;
    }

    /// What the domain may get beside its frames.
    FreeFrames spareFrames() {
        FreeFrames spare = new FreeFrames(memory.frameCount());
        spare.add(spareMfn, SPARE_FRAMES);
        for (long mfn = spareMfn; mfn < spareMfn + SPARE_FRAMES; mfn++) {
            m2p.set(mfn, MachineToPhys.INVALID);
        }
        return spare;
    }

    /// See [xenolith.vmm.guest.FrameDiscard].
    void discard(long mfn, long frameCount) {
        Memfd.punchHole(memfd, MachineMemory.offset(mfn << MachineMemory.PAGE_SHIFT),
                frameCount << MachineMemory.PAGE_SHIFT);
    }

    /// Gives the domain its frames in the table.
    void assignFrames(int domid) {
        for (long mfn = domainMfn; mfn < domainMfn + domainFrames; mfn++) {
            frames.assign(mfn, domid);
        }
    }

    /// A frame of the hypervisor that the domain may map read-write, but never use as a table.
    long sharedFrames(int domid, long count) {
        long mfn = hiddenFrames(count);
        for (long i = 0; i < count; i++) {
            frames.assignShared(mfn + i, domid, true);
        }
        return mfn;
    }

    /// Frames that are nobody's as yet, and no part of any domain's pseudo-physical memory.
    long hiddenFrames(long count) {
        long mfn = allocator.allocate(count);
        for (long i = 0; i < count; i++) {
            m2p.set(mfn + i, MachineToPhys.INVALID);
        }
        return mfn;
    }

    SendBells bells(HostProfile profile) {
        return profile.has(Capability.IOEVENTFD) ? new IoEventBells(vm) : SendBells.NONE;
    }

    @Override
    public void close() {
        while (!cleanup.isEmpty()) {
            try {
                cleanup.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException("closing the machine", e);
            }
        }
    }
}
