package xenolith.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The page that KVM shares with the thread of a vCPU: `struct kvm_run`, mapped from the vCPU's descriptor.
///
/// Between two KVM_RUNs the page holds what the last exit left; the fields of an exit mean something only for the
/// [#exitReason] they belong to (see [KvmExitReason]). Values come from the guest unless said otherwise.
///
/// With [#validRegs] set (KVM_CAP_SYNC_REGS) each exit leaves the registers in [#regs] and [#sregs], and those that
/// [#dirtyRegs] names go back at the next entry: less than 1 µs instead of 6 to 9 µs for each ioctl. KVM clears the
/// dirty set at entry.
public final class KvmRun {
    public static final long KVM_SYNC_X86_REGS = 1;
    public static final long KVM_SYNC_X86_SREGS = 2;
    public static final long KVM_SYNC_X86_EVENTS = 4;

    public static final int KVM_EXIT_IO_IN = 0;
    public static final int KVM_EXIT_IO_OUT = 1;

    /// Values of [#internalSuberror].
    public static final int KVM_INTERNAL_ERROR_EMULATION = 1;
    public static final int KVM_INTERNAL_ERROR_SIMUL_EX = 2;
    public static final int KVM_INTERNAL_ERROR_DELIVERY_EV = 3;
    public static final int KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON = 4;

    /// The size of the struct; the mapping is larger.
    public static final long SIZEOF = KvmRunLayout.LAYOUT.byteSize();

    private static final VarHandle BYTE = JAVA_BYTE.varHandle().withInvokeExactBehavior();

    private static final long REQUEST_INTERRUPT_WINDOW = KvmRunLayout.offset("request_interrupt_window");
    private static final long IMMEDIATE_EXIT = KvmRunLayout.offset("immediate_exit");
    private static final long EXIT_REASON = KvmRunLayout.offset("exit_reason");
    private static final long READY_FOR_INTERRUPT_INJECTION = KvmRunLayout.offset("ready_for_interrupt_injection");
    private static final long IF_FLAG = KvmRunLayout.offset("if_flag");
    private static final long CR8 = KvmRunLayout.offset("cr8");
    private static final long APIC_BASE = KvmRunLayout.offset("apic_base");
    private static final long HW_REASON = KvmRunLayout.exitOffset("hw", "hardware_exit_reason");
    private static final long FAIL_REASON =
            KvmRunLayout.exitOffset("fail_entry", "hardware_entry_failure_reason");
    private static final long IO_DIRECTION = KvmRunLayout.exitOffset("io", "direction");
    private static final long IO_SIZE = KvmRunLayout.exitOffset("io", "size");
    private static final long IO_PORT = KvmRunLayout.exitOffset("io", "port");
    private static final long IO_COUNT = KvmRunLayout.exitOffset("io", "count");
    private static final long IO_DATA_OFFSET = KvmRunLayout.exitOffset("io", "data_offset");
    private static final long MMIO_PHYS_ADDR = KvmRunLayout.exitOffset("mmio", "phys_addr");
    private static final long MMIO_DATA = KvmRunLayout.exitOffset("mmio", "data");
    private static final long MMIO_LEN = KvmRunLayout.exitOffset("mmio", "len");
    private static final long MMIO_IS_WRITE = KvmRunLayout.exitOffset("mmio", "is_write");
    private static final long INTERNAL_SUBERROR = KvmRunLayout.exitOffset("internal", "suberror");
    private static final long INTERNAL_NDATA = KvmRunLayout.exitOffset("internal", "ndata");
    private static final long INTERNAL_DATA = KvmRunLayout.exitOffset("internal", "data");
    private static final long SYSTEM_EVENT_TYPE = KvmRunLayout.exitOffset("system_event", "type");
    private static final long MSR_ERROR = KvmRunLayout.exitOffset("msr", "error");
    private static final long MSR_INDEX = KvmRunLayout.exitOffset("msr", "index");
    private static final long MSR_DATA = KvmRunLayout.exitOffset("msr", "data");
    private static final long VALID_REGS = KvmRunLayout.offset("kvm_valid_regs");
    private static final long DIRTY_REGS = KvmRunLayout.offset("kvm_dirty_regs");
    private static final int MAX_INTERNAL_DATA = 16;

    private final MemorySegment segment;
    private final MemorySegment regs;
    private final MemorySegment sregs;
    private final MemorySegment events;

    KvmRun(MemorySegment segment) {
        this.segment = segment;
        this.regs = segment.asSlice(KvmRunLayout.syncOffset("regs"), KvmRegs.SIZEOF);
        this.sregs = segment.asSlice(KvmRunLayout.syncOffset("sregs"), KvmSregs.SIZEOF);
        this.events = segment.asSlice(KvmRunLayout.syncOffset("events"), KvmVcpuEvents.SIZEOF);
    }

    /// Why KVM_RUN ended, if it returned 0: one of [KvmExitReason].
    public int exitReason() {
        return segment.get(JAVA_INT, EXIT_REASON);
    }

    /// Asks for KVM_EXIT_IRQ_WINDOW_OPEN as soon as the guest can take an interrupt.
    public void requestInterruptWindow(boolean requested) {
        segment.set(JAVA_BYTE, REQUEST_INTERRUPT_WINDOW, (byte) (requested ? 1 : 0));
    }

    /// Makes the next KVM_RUN finish a pending MMIO or port access and return `EINTR` before it enters the guest.
    /// May be called from any thread, but it does not kick a vCPU that runs already: [xenolith.posix.KickSignal] does.
    public void immediateExit(boolean requested) {
        BYTE.setVolatile(segment, IMMEDIATE_EXIT, (byte) (requested ? 1 : 0));
    }

    /// Whether KVM_INTERRUPT would find the guest willing. Look before each: KVM delivers even with IF clear.
    public boolean readyForInterruptInjection() {
        return segment.get(JAVA_BYTE, READY_FOR_INTERRUPT_INJECTION) != 0;
    }

    public boolean ifFlag() {
        return segment.get(JAVA_BYTE, IF_FLAG) != 0;
    }

    public long cr8() {
        return segment.get(JAVA_LONG, CR8);
    }

    public void cr8(long value) {
        segment.set(JAVA_LONG, CR8, value);
    }

    public long apicBase() {
        return segment.get(JAVA_LONG, APIC_BASE);
    }

    public void apicBase(long value) {
        segment.set(JAVA_LONG, APIC_BASE, value);
    }

    /// KVM_EXIT_UNKNOWN: the processor's own exit code.
    public long hardwareExitReason() {
        return segment.get(JAVA_LONG, HW_REASON);
    }

    /// KVM_EXIT_FAIL_ENTRY: the processor's own reason for not entering the guest.
    public long failEntryReason() {
        return segment.get(JAVA_LONG, FAIL_REASON);
    }

    /// KVM_EXIT_IO: [#KVM_EXIT_IO_IN] or [#KVM_EXIT_IO_OUT].
    public int ioDirection() {
        return segment.get(JAVA_BYTE, IO_DIRECTION);
    }

    /// KVM_EXIT_IO: bytes of each of the [#ioCount] transfers: 1, 2 or 4.
    public int ioSize() {
        return segment.get(JAVA_BYTE, IO_SIZE);
    }

    public int ioPort() {
        return Short.toUnsignedInt(segment.get(JAVA_SHORT, IO_PORT));
    }

    public int ioCount() {
        return segment.get(JAVA_INT, IO_COUNT);
    }

    /// KVM_EXIT_IO: where the data lies in this page, in bytes from its start. KVM chooses it, not the guest.
    public long ioDataOffset() {
        return segment.get(JAVA_LONG, IO_DATA_OFFSET);
    }

    /// KVM_EXIT_MMIO: the guest-physical address, where no slot is or a read-only one.
    public long mmioPhysAddr() {
        return segment.get(JAVA_LONG, MMIO_PHYS_ADDR);
    }

    /// KVM_EXIT_MMIO: how many bytes of [#mmioData], 1 to 8.
    public int mmioLen() {
        return segment.get(JAVA_INT, MMIO_LEN);
    }

    public boolean mmioIsWrite() {
        return segment.get(JAVA_BYTE, MMIO_IS_WRITE) != 0;
    }

    /// KVM_EXIT_MMIO: what the guest wrote, lowest byte first; bytes from [#mmioLen] on mean nothing.
    public long mmioData() {
        return segment.get(JAVA_LONG, MMIO_DATA);
    }

    /// KVM_EXIT_MMIO: the answer to a read, taken at the next KVM_RUN.
    public void mmioData(long value) {
        segment.set(JAVA_LONG, MMIO_DATA, value);
    }

    /// KVM_EXIT_INTERNAL_ERROR: one of the `KVM_INTERNAL_ERROR_` constants. A guest can cause it at will.
    public int internalSuberror() {
        return segment.get(JAVA_INT, INTERNAL_SUBERROR);
    }

    /// KVM_EXIT_INTERNAL_ERROR: how many words of [#internalData] mean something, at most 16.
    public int internalDataCount() {
        int count = segment.get(JAVA_INT, INTERNAL_NDATA);
        return Integer.compareUnsigned(count, MAX_INTERNAL_DATA) < 0 ? count : MAX_INTERNAL_DATA;
    }

    /// KVM_EXIT_INTERNAL_ERROR: word `index`, for a crash report.
    public long internalData(int index) {
        if (Integer.compareUnsigned(index, MAX_INTERNAL_DATA) >= 0) {
            throw new IllegalArgumentException("index=" + index);
        }
        return segment.get(JAVA_LONG, INTERNAL_DATA + (long) index * Long.BYTES);
    }

    /// KVM_EXIT_SYSTEM_EVENT: what happened.
    public int systemEventType() {
        return segment.get(JAVA_INT, SYSTEM_EVENT_TYPE);
    }

    /// KVM_EXIT_X86_RDMSR and KVM_EXIT_X86_WRMSR: the register's number.
    public int msrIndex() {
        return segment.get(JAVA_INT, MSR_INDEX);
    }

    /// KVM_EXIT_X86_WRMSR: the value written.
    public long msrData() {
        return segment.get(JAVA_LONG, MSR_DATA);
    }

    /// KVM_EXIT_X86_RDMSR: the answer.
    public void msrData(long value) {
        segment.set(JAVA_LONG, MSR_DATA, value);
    }

    /// KVM_EXIT_X86_RDMSR and KVM_EXIT_X86_WRMSR: true makes KVM raise #GP in the guest.
    public void msrError(boolean refused) {
        segment.set(JAVA_BYTE, MSR_ERROR, (byte) (refused ? 1 : 0));
    }

    /// Which register sets each exit shall store here: `KVM_SYNC_X86_` bits. Stays until changed.
    public void validRegs(long sets) {
        segment.set(JAVA_LONG, VALID_REGS, sets);
    }

    /// Which register sets the next entry shall load from here: `KVM_SYNC_X86_` bits. 0 leaves the vCPU alone; after
    /// an `EINTR` that is not acted on it must be 0, or a pending exception is lost.
    public void dirtyRegs(long sets) {
        segment.set(JAVA_LONG, DIRTY_REGS, sets);
    }

    public long dirtyRegs() {
        return segment.get(JAVA_LONG, DIRTY_REGS);
    }

    /// `s.regs.regs`: see [KvmRegs].
    public MemorySegment regs() {
        return regs;
    }

    /// `s.regs.sregs`: see [KvmSregs].
    public MemorySegment sregs() {
        return sregs;
    }

    /// `s.regs.events`: see [KvmVcpuEvents].
    public MemorySegment events() {
        return events;
    }
}
