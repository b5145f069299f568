package xenolith.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assumptions.abort;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.Mapping;
import xenolith.posix.Memfd;

/// A guest of a few instructions in 64-bit mode, its memory mapped one to one.
///
/// Below [#MEMORY_BYTES] there is memory, from [#DOORBELL] on nothing: an access there is an MMIO exit. RDI holds
/// [#DOORBELL] and RSI holds [#DATA] at the start.
final class Guest implements AutoCloseable {
    static final long MEMORY_BYTES = 2 << 20;
    static final long CODE = 0x10000;
    static final long DATA = 0x20000;
    static final long STACK_TOP = 0x30000;
    static final long DOORBELL = MEMORY_BYTES + 0x1000;

    private static final long L4 = 0x1000;
    private static final long L3 = 0x2000;
    private static final long L2 = 0x3000;
    private static final long PRESENT_WRITABLE_USER_ACCESSED_DIRTY = 0x67;
    private static final long PAGE_SIZE_2M = 0x80;
    private static final int L2_ENTRIES = 8;

    private static final long CR0_PG_WP_NE_ET_MP_PE = 0x8001_0033L;
    private static final long CR4_OSXMMEXCPT_OSFXSR_PAE = 0x620;
    private static final long EFER_NXE_LMA_LME_SCE = 0xd01;
    private static final long RFLAGS_FIXED = 2;
    private static final long TSS_GPA = 0xfffb_d000L;

    final Kvm kvm;
    final Fd memfd;
    final Mapping memory;
    final KvmVm vm;
    final KvmVcpu vcpu;
    private final Arena arena = Arena.ofConfined();

    /// Prepares `code` to run in ring `cpl`, which is 0 or 3.
    Guest(int cpl, int... code) {
        kvm = openOrSkip();
        memfd = Memfd.create("guest", MEMORY_BYTES);
        memory = Mapping.shared(memfd, 0, MEMORY_BYTES, true);
        vm = kvm.createVm();
        vm.setTssAddr(TSS_GPA);
        vm.setMemory(0, 0, MEMORY_BYTES, memory.address(), 0);
        vcpu = vm.createVcpu(0);
        mapOneToOne();
        load(CODE, code);
        vcpu.setCpuid(kvm.supportedCpuid());
        enterLongMode(cpl);
        setRegisters();
    }

    /// A test that needs /dev/kvm is skipped where there is none.
    static Kvm openOrSkip() {
        try {
            return Kvm.open();
        } catch (HostException e) {
            return abort("no usable KVM: " + e.getMessage());
        }
    }

    void load(long address, int... code) {
        for (int i = 0; i < code.length; i++) {
            memory.segment().set(JAVA_BYTE, address + i, (byte) code[i]);
        }
    }

    long word(long address) {
        return memory.segment().get(JAVA_LONG, address);
    }

    /// Runs until the next exit and returns its reason.
    int run() {
        int errno = vcpu.run();
        if (errno != 0) {
            throw new HostException("KVM_RUN", errno);
        }
        return vcpu.page().exitReason();
    }

    MemorySegment regs() {
        MemorySegment regs = arena.allocate(KvmRegs.LAYOUT);
        vcpu.getRegs(regs);
        return regs;
    }

    MemorySegment sregs() {
        MemorySegment sregs = arena.allocate(KvmSregs.LAYOUT);
        vcpu.getSregs(sregs);
        return sregs;
    }

    private void mapOneToOne() {
        MemorySegment s = memory.segment();
        s.set(JAVA_LONG, L4, L3 | PRESENT_WRITABLE_USER_ACCESSED_DIRTY);
        s.set(JAVA_LONG, L3, L2 | PRESENT_WRITABLE_USER_ACCESSED_DIRTY);
        for (long i = 0; i < L2_ENTRIES; i++) {
            s.set(JAVA_LONG, L2 + i * Long.BYTES,
                    i * MEMORY_BYTES | PAGE_SIZE_2M | PRESENT_WRITABLE_USER_ACCESSED_DIRTY);
        }
    }

    private void enterLongMode(int cpl) {
        MemorySegment sregs = sregs();
        KvmSregs.cr0(sregs, CR0_PG_WP_NE_ET_MP_PE);
        KvmSregs.cr3(sregs, L4);
        KvmSregs.cr4(sregs, CR4_OSXMMEXCPT_OSFXSR_PAE);
        KvmSregs.efer(sregs, EFER_NXE_LMA_LME_SCE);
        KvmSregs.code64(sregs, 0x30 | cpl, cpl);
        KvmSregs.data(sregs, 0x28 | cpl, cpl);
        vcpu.setSregs(sregs);
    }

    private void setRegisters() {
        MemorySegment regs = arena.allocate(KvmRegs.LAYOUT);
        KvmRegs.rip(regs, CODE);
        KvmRegs.rsp(regs, STACK_TOP);
        KvmRegs.rdi(regs, DOORBELL);
        KvmRegs.rsi(regs, DATA);
        KvmRegs.rflags(regs, RFLAGS_FIXED);
        vcpu.setRegs(regs);
    }

    @Override
    public void close() {
        vcpu.close();
        vm.close();
        memory.close();
        memfd.close();
        kvm.close();
        arena.close();
    }
}
