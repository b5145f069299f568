package xenolith.vmm.monitor;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Every number that `monitor.S` and Java share. The assembler gets them as `monitor_abi.h`, printed by
/// [MonitorHeader] at build time; Java is the only place where they are written.
///
/// A **window** is a vcpu's view of the monitor: 16 pages at `windowVa(vcpu)`. All windows lie in L4 slot 257, under
/// one L3 for kernel roots and another for user roots.
public final class MonitorAbi {
    // ---- address space: one L4 slot, 512 GiB
    /// The monitor's L4 slot. 256 would be usable too on some hosts; on others ring 3 faults on every access there.
    public static final int L4_SLOT = 257;
    public static final long BASE = 0xffff_8080_0000_0000L;
    public static final long WINDOW_BYTES = 0x1_0000;
    static final long COMMIT_CODE_VA = BASE + 0x200_0000L;
    static final long COMMIT_LISTS_VA = BASE + 0x400_0000L;
    static final long COMMIT_LIST_BYTES = 0x1_0000;
    static final long GDTS_VA = BASE + 0x800_0000L;
    static final long GDT_BYTES = 0x1_0000;
    static final long LDTS_VA = BASE + 0xc00_0000L;
    /// As much as an LDT can be: 8192 descriptors.
    static final int LDT_BYTES = 0x1_0000;
    /// The machine-to-phys array (`xen.h`: MACH2PHYS), read-only for the guest's kernel.
    public static final long M2P_VA = BASE + (32L << 30);
    /// The L4 slot where guests that do not ask look for it, at the same place of the slot as Xen has it.
    public static final int TRADITIONAL_M2P_SLOT = 256;
    /// Machine memory as ring 0 sees it, for commits. Supervisor only.
    static final long DIRECT_MAP_VA = BASE + (64L << 30);

    // ---- pages of a window
    static final int W_HANDLERS = 0x0000;
    static final int W_SUPER = 0x1000;
    static final int W_ALIAS = 0x2000;
    static final int W_MAILBOX = 0x3000;
    public static final int W_LSTAR = 0x4000;
    static final int W_VCPU_INFO = 0x5000;
    static final int W_TSS = 0x6000;
    static final int W_TRAP_BELL = 0x7000;
    static final int W_CALL_BELL = 0x8000;
    static final int W_IDT = 0x9000;

    // ---- doorbells: guest-physical addresses without memory, below machine memory
    /// Page of the gates' bells: each vector without a gate of its own rings the one at its number.
    public static final long TRAP_BELL_MA = 0xd000_0000L;
    /// Page of the stubs' bells, one at each `BELL_*`.
    public static final long CALL_BELL_MA = 0xd000_1000L;
    private static final int VECTORS = 256;
    private static final int CALL_BELL_BYTES = 0x1000;
    /// What [#trapBell] and [#callBell] answer of an address that is none of theirs.
    public static final int NO_BELL = -1;
    public static final int BELL_HYPERCALL = 0;
    public static final int BELL_USER_GATE4 = 4;
    public static final int BELL_USER_FAULT = 8;
    public static final int BELL_KERNEL_FAULT = 12;
    public static final int BELL_DIVIDE = 16;
    public static final int BELL_KERNEL_GP = 20;
    public static final int BELL_KERNEL_SYSCALL32 = 24;
    /// The stub writes to it the port of each `EVTCHNOP_send` that no poller takes, as 4 bytes. An `ioeventfd` there,
    /// of a port's backend, makes the send one that exits no more.
    public static final int BELL_SEND = 32;

    // ---- entries of the handlers page
    static final int STUB_BYTES = 8;
    static final int H_GATE4 = 0x800;
    static final int H_GATE14 = 0x880;
    static final int H_GATE13 = 0x8c0;
    static final int H_GATE0 = 0x900;

    /// Where in the LSTAR page the target of 32-bit SYSCALL lies (MSR CSTAR).
    static final int L_CSTAR = 0xfc0;

    // ---- actions that Java asks of the stub with its answer
    public static final int ACT_RING = 1;
    public static final int ACT_COMMIT = 2;
    public static final int ACT_FS_BASE = 4;
    public static final int ACT_RESUME = 8;
    public static final int ACT_AGAIN = 16;
    /// Hypercall number by which a stub asks for the rest of a long commit. A guest that calls it gets that too.
    public static final int COMMIT_AGAIN = 0x1000;

    static final int COMMIT_MAX = 4096;
    /// How often a stub looks for the poller's answer before it rings: about as long as an exit takes.
    static final int SPINS = 2000;
    /// TF, NT, VM, AC, VIF, VIP, IOPL: user flags that the quick way back to the user leaves to Java. RF is none of them:
    /// the processor sets it in the frame of each page fault, and it means something only where a breakpoint is set.
    static final int SLOW_FLAGS = 0x1e_7100;
    /// What of a user's RFLAGS reaches its kernel: not IOPL, NT, RF, VM, VIF, VIP.
    static final int SYSCALL_FLAGS = 0x24_0fd7;
    private static final long MSR_KERNEL_GS_BASE = 0xc000_0102L;
    static final int HYPERVISOR_IRET = 23;
    /// What the stub answers by itself.
    static final int HYPERVISOR_STACK_SWITCH = 3;
    static final int HYPERVISOR_XEN_VERSION = 17;
    static final int HYPERVISOR_SET_SEGMENT_BASE = 25;
    static final int HYPERVISOR_EVENT_CHANNEL_OP = 32;
    static final int EVTCHNOP_SEND = 4;
    static final int SEGBASE_FS = 0;
    static final int SEGBASE_GS_USER = 1;
    /// The version of Xen's interface that we claim: major and minor.
    public static final int XEN_VERSION = 4 << 16 | 17;
    /// A page fault's frame on the guest's stack: SS RSP RFLAGS CS RIP error R11 RCX.
    static final int FAULT_FRAME_BYTES = 64;

    // ---- selectors of the reserved GDT page (`arch-x86/xen-x86_64.h`: FLAT_RING3_*)
    public static final int GUEST_CS = 0xe033;
    public static final int GUEST_CS32 = 0xe023;
    public static final int GUEST_SS = 0xe02b;
    /// What a guest kernel sees of its own CS in a frame: the ring bits are cleared.
    public static final int GUEST_CS_RPL0 = 0xe030;
    static final int RESERVED_GDT_PAGE = 14;
    public static final int RING0_CS = 0xe008;
    public static final int RING0_SS = 0xe010;
    static final int TSS_SELECTOR = 0xe040;
    static final int LDT_SELECTOR = 0xe050;

    /// Where in the super page the stack of debug exceptions begins; a multiple of 16.
    static final int DEBUG_STACK_TOP = 0xe00;

    /// Written by Java and ring 0 only; the guest's kernel reads it through W_ALIAS.
    static final StructLayout SUPER = MemoryLayout.structLayout(
            word("S_KERNEL_CR3"), word("S_USER_CR3"), word("S_CR2"),
            word("S_COMMIT_RIP"), word("S_COMMIT_LIST"),
            word("S_VCPU_INFO"), word("S_POLLER"),
            word("S_SYSCALL_ENTRY"), word("S_SYSCALL_MASKS"),
            word("S_EVENT_ENTRY"),
            word("S_FAULT_ENTRY"), word("S_FAULT_MASKS"), word("S_SKIP_CLI"),
            word("S_FRAME_FLAGS"), word("S_SLOW_IRET"),
            MemoryLayout.paddingLayout(0x100 - 15 * 8),
            frame("S_FRAME_SYSCALL"), frame("S_FRAME_USER_FAULT"), frame("S_FRAME_KERNEL_FAULT"),
            frame("S_FRAME_KERNEL_GP"),
            MemoryLayout.paddingLayout(DEBUG_STACK_TOP - 40 - 0x100 - 4 * 40),
            // gate 1 has a stack of its own: a debug exception may come at the first instruction of another gate
            frame("S_DEBUG_FRAME"),
            MemoryLayout.paddingLayout(0x1000 - 48 - DEBUG_STACK_TOP),
            // the frame that a gate pushes on the interrupt stack
            word("S_IST_ERROR"), word("S_IST_RIP"), word("S_IST_CS"), word("S_IST_RFLAGS"), word("S_IST_RSP"),
            word("S_IST_SS"));

    /// Written by the guest's kernel at will. Nothing in it is believed but the caller's own arguments.
    static final StructLayout MAILBOX = MemoryLayout.structLayout(
            word("M_SEQ"), word("M_NR"), word("M_ARG0"), word("M_ARG1"), word("M_ARG2"), word("M_ARG3"),
            word("M_ARG4"), word("M_RSP"), word("M_RIP"),
            MemoryLayout.paddingLayout(0x80 - 9 * 8),
            // a cache line of its own: this one Java writes
            word("M_ANSWER"), word("M_RESULT"), word("M_ACTION"), word("M_FS_BASE"), word("M_RESUME_RAX"),
            word("M_RESUME_RCX"), frame("M_RESUME_FRAME"),
            MemoryLayout.paddingLayout(0x100 - 0x80 - 6 * 8 - 40),
            word("M_USER_RIP"), word("M_USER_RSP"), word("M_KERNEL_GS"), word("M_USER_GS"), word("M_COMMITTING"),
            word("M_FAULT_RSP"), word("M_KERNEL_SP"),
            word("M_COUNT_SYSCALL"), word("M_COUNT_IRET_USER"), word("M_COUNT_IRET_KERNEL"),
            word("M_COUNT_USER_FAULT"), word("M_COUNT_KERNEL_FAULT"), word("M_COUNT_UPCALL"),
            word("M_COUNT_CLI"), word("M_COUNT_RDMSR"),
            word("M_COUNT_STACK_SWITCH"), word("M_COUNT_SEGMENT_BASE"), word("M_COUNT_VERSION"),
            word("M_COUNT_SEND"),
            MemoryLayout.paddingLayout(0x1000 - 0x100 - 19 * 8));

    /// Top of the small stack in the mailbox that a kernel fault's stub runs on.
    static final int SCRATCH_STACK_TOP = W_MAILBOX + 0x1000;

    private MonitorAbi() {
    }

    /// The vector whose bell lies at machine address `ma`, or [#NO_BELL].
    public static int trapBell(long ma) {
        return bellAt(ma, TRAP_BELL_MA, VECTORS);
    }

    /// Which of the `BELL_*` lies at machine address `ma`: any number of the page, or [#NO_BELL].
    public static int callBell(long ma) {
        return bellAt(ma, CALL_BELL_MA, CALL_BELL_BYTES);
    }

    private static int bellAt(long ma, long firstMa, int count) {
        return ma >= firstMa && ma < firstMa + count ? (int) (ma - firstMa) : NO_BELL;
    }

    /// The machine address of one of the `BELL_*`.
    public static long callBellMa(int bell) {
        return CALL_BELL_MA + bell;
    }

    /// Where vcpu `id` sees its window.
    public static long windowVa(int id) {
        return BASE + id * WINDOW_BYTES;
    }

    static long gdtVa(int id) {
        return GDTS_VA + id * GDT_BYTES;
    }

    static long ldtVa(int id) {
        return LDTS_VA + (long) id * LDT_BYTES;
    }

    static long commitListVa(int id) {
        return COMMIT_LISTS_VA + id * COMMIT_LIST_BYTES;
    }

    /// Whether `va` lies in any window or in the commit code: then the vcpu runs our code, not the guest's.
    public static boolean isMonitorCode(long va) {
        return va >= BASE && va < COMMIT_LISTS_VA;
    }

    static long superOffset(String field) {
        return SUPER.byteOffset(PathElement.groupElement(field));
    }

    static long mailboxOffset(String field) {
        return MAILBOX.byteOffset(PathElement.groupElement(field));
    }

    /// The lines of `monitor_abi.h`, without the checksum over them.
    static List<String> defines() {
        List<String> lines = new ArrayList<>();
        add(lines, "W_HANDLERS", W_HANDLERS);
        add(lines, "W_SUPER", W_SUPER);
        add(lines, "W_ALIAS", W_ALIAS);
        add(lines, "W_MAILBOX", W_MAILBOX);
        add(lines, "W_LSTAR", W_LSTAR);
        add(lines, "W_TRAP_BELL", W_TRAP_BELL);
        add(lines, "W_CALL_BELL", W_CALL_BELL);
        add(lines, "WINDOW_SLOT_SIGNED", L4_SLOT - 512);
        add(lines, "M2P_SLOT_SIGNED", TRADITIONAL_M2P_SLOT - 512);
        add(lines, "STUB_BYTES", STUB_BYTES);
        add(lines, "H_GATE0", H_GATE0);
        add(lines, "H_GATE4", H_GATE4);
        add(lines, "H_GATE13", H_GATE13);
        add(lines, "H_GATE14", H_GATE14);
        add(lines, "BELL_HYPERCALL", BELL_HYPERCALL);
        add(lines, "BELL_USER_GATE4", BELL_USER_GATE4);
        add(lines, "BELL_USER_FAULT", BELL_USER_FAULT);
        add(lines, "BELL_KERNEL_FAULT", BELL_KERNEL_FAULT);
        add(lines, "BELL_DIVIDE", BELL_DIVIDE);
        add(lines, "BELL_KERNEL_GP", BELL_KERNEL_GP);
        add(lines, "BELL_KERNEL_SYSCALL32", BELL_KERNEL_SYSCALL32);
        add(lines, "BELL_SEND", BELL_SEND);
        add(lines, "L_CSTAR", L_CSTAR);
        add(lines, "SYSCALL_FLAGS", SYSCALL_FLAGS);
        add(lines, "SPINS", SPINS);
        add(lines, "ACT_RING", ACT_RING);
        add(lines, "ACT_COMMIT", ACT_COMMIT);
        add(lines, "ACT_FS_BASE", ACT_FS_BASE);
        add(lines, "ACT_RESUME", ACT_RESUME);
        add(lines, "ACT_AGAIN", ACT_AGAIN);
        add(lines, "COMMIT_AGAIN", COMMIT_AGAIN);
        add(lines, "COMMIT_MAX", COMMIT_MAX);
        add(lines, "SLOW_FLAGS", SLOW_FLAGS);
        add(lines, "MSR_KERNEL_GS_BASE", MSR_KERNEL_GS_BASE);
        add(lines, "HYPERVISOR_IRET", HYPERVISOR_IRET);
        add(lines, "HYPERVISOR_STACK_SWITCH", HYPERVISOR_STACK_SWITCH);
        add(lines, "HYPERVISOR_XEN_VERSION", HYPERVISOR_XEN_VERSION);
        add(lines, "HYPERVISOR_SET_SEGMENT_BASE", HYPERVISOR_SET_SEGMENT_BASE);
        add(lines, "HYPERVISOR_EVENT_CHANNEL_OP", HYPERVISOR_EVENT_CHANNEL_OP);
        add(lines, "EVTCHNOP_SEND", EVTCHNOP_SEND);
        add(lines, "SEGBASE_FS", SEGBASE_FS);
        add(lines, "SEGBASE_GS_USER", SEGBASE_GS_USER);
        add(lines, "XEN_VERSION", XEN_VERSION);
        add(lines, "FAULT_FRAME_BYTES", FAULT_FRAME_BYTES);
        add(lines, "GUEST_CS", GUEST_CS);
        add(lines, "GUEST_CS_RPL0", GUEST_CS_RPL0);
        add(lines, "GUEST_SS", GUEST_SS);
        addFields(lines, SUPER);
        addFields(lines, MAILBOX);
        return lines;
    }

    private static void addFields(List<String> lines, StructLayout layout) {
        for (MemoryLayout member : layout.memberLayouts()) {
            member.name().ifPresent(name -> add(lines, name, layout.byteOffset(PathElement.groupElement(name))));
        }
    }

    private static void add(List<String> lines, String name, long value) {
        lines.add("#define " + name + " " + value);
    }

    private static MemoryLayout word(String name) {
        return ValueLayout.JAVA_LONG.withName(name);
    }

    /// What IRETQ pops: RIP CS RFLAGS RSP SS.
    private static MemoryLayout frame(String name) {
        return MemoryLayout.sequenceLayout(5, ValueLayout.JAVA_LONG).withName(name);
    }
}
