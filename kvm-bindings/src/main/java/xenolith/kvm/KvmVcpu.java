package xenolith.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import xenolith.posix.CallState;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.Mapping;

/// A virtual CPU: the ioctls on a vCPU's descriptor, and its shared page.
///
/// One thread at a time may use a vCPU; the one that first runs it should stay with it, since KVM moves it at a cost.
/// Every ioctl but KVM_RUN costs 6 to 9 µs on some hosts: hot paths use the synchronised registers of [KvmRun].
public final class KvmVcpu implements AutoCloseable {
    private static final long MSRS_NMSRS = KvmArguments.offset(KvmArguments.MSRS, "nmsrs");
    private static final long MSR_ENTRY = KvmArguments.offset(KvmArguments.MSRS, "entries");
    private static final long MSR_INDEX = MSR_ENTRY + KvmArguments.offset(KvmArguments.MSR_ENTRY, "index");
    private static final long MSR_DATA = MSR_ENTRY + KvmArguments.offset(KvmArguments.MSR_ENTRY, "data");
    private static final long XCRS_NR = KvmArguments.offset(KvmArguments.XCRS, "nr_xcrs");
    private static final long XCR = KvmArguments.offset(KvmArguments.XCRS, "xcrs");
    private static final long XCR_VALUE = XCR + KvmArguments.offset(KvmArguments.XCR, "value");
    private static final long SIGNAL_MASK_LEN = KvmArguments.offset(KvmArguments.SIGNAL_MASK, "len");
    private static final long SIGNAL_MASK_SIGSET = KvmArguments.offset(KvmArguments.SIGNAL_MASK, "sigset");
    private static final long INTERRUPT_IRQ = KvmArguments.offset(KvmArguments.INTERRUPT, "irq");
    private static final long LINEAR_ADDRESS = KvmArguments.offset(KvmArguments.TRANSLATION, "linear_address");
    private static final long PHYSICAL_ADDRESS = KvmArguments.offset(KvmArguments.TRANSLATION, "physical_address");
    private static final long TRANSLATION_VALID = KvmArguments.offset(KvmArguments.TRANSLATION, "valid");

    private final CallState state = new CallState();
    /// Holds the argument of one ioctl; the largest is `struct kvm_xcrs`.
    private final MemorySegment argument = Arena.ofAuto().allocate(KvmArguments.XCRS);
    private final Fd fd;
    private final Mapping mapping;
    private final KvmRun page;

    KvmVcpu(Fd fd, int mmapSize) {
        this.fd = fd;
        this.mapping = Mapping.shared(fd, 0, mmapSize, true);
        this.page = new KvmRun(mapping.segment());
    }

    /// Runs the guest until it exits. Returns 0, with the reason in [#page], or the errno: `EINTR` after a kick or
    /// with `immediate_exit`, `EFAULT` where the memory behind a slot is gone, and others. The hot path: it allocates
    /// nothing.
    public int run() {
        return -fd.ioctl(state, KvmIoctl.KVM_RUN, 0);
    }

    /// The page shared with KVM.
    public KvmRun page() {
        return page;
    }

    /// Reads [KvmRegs]. The segment is native, as for all register structs here.
    public void getRegs(MemorySegment regs) {
        call("KVM_GET_REGS", KvmIoctl.KVM_GET_REGS, regs, KvmRegs.LAYOUT);
    }

    public void setRegs(MemorySegment regs) {
        call("KVM_SET_REGS", KvmIoctl.KVM_SET_REGS, regs, KvmRegs.LAYOUT);
    }

    /// Reads [KvmSregs].
    public void getSregs(MemorySegment sregs) {
        call("KVM_GET_SREGS", KvmIoctl.KVM_GET_SREGS, sregs, KvmSregs.LAYOUT);
    }

    public void setSregs(MemorySegment sregs) {
        call("KVM_SET_SREGS", KvmIoctl.KVM_SET_SREGS, sregs, KvmSregs.LAYOUT);
    }

    /// Reads [KvmVcpuEvents].
    public void getEvents(MemorySegment events) {
        call("KVM_GET_VCPU_EVENTS", KvmIoctl.KVM_GET_VCPU_EVENTS, events, KvmVcpuEvents.LAYOUT);
    }

    public void setEvents(MemorySegment events) {
        call("KVM_SET_VCPU_EVENTS", KvmIoctl.KVM_SET_VCPU_EVENTS, events, KvmVcpuEvents.LAYOUT);
    }

    /// Reads [KvmFpu].
    public void getFpu(MemorySegment fpu) {
        call("KVM_GET_FPU", KvmIoctl.KVM_GET_FPU, fpu, KvmFpu.LAYOUT);
    }

    public void setFpu(MemorySegment fpu) {
        call("KVM_SET_FPU", KvmIoctl.KVM_SET_FPU, fpu, KvmFpu.LAYOUT);
    }

    /// Reads [KvmDebug#DEBUGREGS].
    public void getDebugregs(MemorySegment debugregs) {
        call("KVM_GET_DEBUGREGS", KvmIoctl.KVM_GET_DEBUGREGS, debugregs, KvmDebug.DEBUGREGS);
    }

    public void setDebugregs(MemorySegment debugregs) {
        call("KVM_SET_DEBUGREGS", KvmIoctl.KVM_SET_DEBUGREGS, debugregs, KvmDebug.DEBUGREGS);
    }

    /// Sets [KvmDebug#GUEST_DEBUG].
    public void setGuestDebug(MemorySegment guestDebug) {
        call("KVM_SET_GUEST_DEBUG", KvmIoctl.KVM_SET_GUEST_DEBUG, guestDebug, KvmDebug.GUEST_DEBUG);
    }

    /// Whether KVM holds an exception for the guest. After an `EINTR` that finds one, touch no register: setting
    /// registers drops it. Of breakpoints and overflows (vectors 3 and 4) KVM does not tell: see [#lastException].
    public boolean exceptionQueued() {
        getEvents(argument);
        return KvmVcpuEvents.exceptionQueued(argument);
    }

    /// The vector of the exception that KVM held for the guest last; whether it still does, [#exceptionQueued] says.
    public int lastException() {
        getEvents(argument);
        return KvmVcpuEvents.exceptionNr(argument);
    }

    /// Reads a model-specific register. Throws [HostException] with `EINVAL` where KVM does not know it.
    public long getMsr(int index) {
        transferMsr("KVM_GET_MSRS", KvmIoctl.KVM_GET_MSRS, index, 0);
        return argument.get(JAVA_LONG, MSR_DATA);
    }

    /// Writes a model-specific register. Throws [HostException] with `EINVAL` where KVM refuses number or value.
    public void setMsr(int index, long value) {
        transferMsr("KVM_SET_MSRS", KvmIoctl.KVM_SET_MSRS, index, value);
    }

    /// The result counts the registers done: 1, or 0 for a refusal.
    private void transferMsr(String name, long request, int index, long value) {
        argument.set(JAVA_LONG, 0, 0);
        argument.set(JAVA_INT, MSRS_NMSRS, 1);
        argument.set(JAVA_LONG, MSR_ENTRY, 0);
        argument.set(JAVA_INT, MSR_INDEX, index);
        argument.set(JAVA_LONG, MSR_DATA, value);
        if (check(name, fd.ioctl(state, request, argument, argument.byteSize())) != 1) {
            throw new HostException(name + "(0x" + Integer.toHexString(index) + ")", Errno.EINVAL);
        }
    }

    /// Decides what CPUID tells the guest. Must come before the first [#run]; OSXSAVE follows CR4 by itself. A software
    /// KVM on a CPU that cannot fault CPUID serves the instruction from this table in ring 0 only: in ring 3 the guest
    /// then sees the host's answers.
    public void setCpuid(CpuidTable table) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment cpuid = table.toNative(arena);
            check("KVM_SET_CPUID2", fd.ioctl(state, KvmIoctl.KVM_SET_CPUID2, cpuid, cpuid.byteSize()));
        }
    }

    public long getXcr0() {
        call("KVM_GET_XCRS", KvmIoctl.KVM_GET_XCRS, argument, KvmArguments.XCRS);
        return argument.get(JAVA_LONG, XCR_VALUE);
    }

    /// Sets XCR0, which says what XSAVE saves. CPUID must offer the features already.
    public void setXcr0(long value) {
        argument.fill((byte) 0);
        argument.set(JAVA_INT, XCRS_NR, 1);
        argument.set(JAVA_LONG, XCR_VALUE, value);
        call("KVM_SET_XCRS", KvmIoctl.KVM_SET_XCRS, argument, KvmArguments.XCRS);
    }

    /// Sets which signals the thread blocks while it is inside KVM_RUN: bit `n - 1` for signal `n`. With 0 every
    /// signal that waits for the thread ends KVM_RUN with `EINTR`: see [xenolith.posix.KickSignal].
    public void setSignalMask(long blockedMask) {
        argument.set(JAVA_INT, SIGNAL_MASK_LEN, Long.BYTES);
        argument.set(JAVA_LONG_UNALIGNED, SIGNAL_MASK_SIGSET, blockedMask);
        check("KVM_SET_SIGNAL_MASK", fd.ioctl(state, KvmIoctl.KVM_SET_SIGNAL_MASK, argument, argument.byteSize()));
    }

    /// The frequency of the guest's time-stamp counter in kHz.
    public long tscKhz() {
        return check("KVM_GET_TSC_KHZ", fd.ioctl(state, KvmIoctl.KVM_GET_TSC_KHZ, 0));
    }

    /// Changes the frequency, on hosts that can scale it (KVM_CAP_TSC_CONTROL).
    public void setTscKhz(long khz) {
        check("KVM_SET_TSC_KHZ", fd.ioctl(state, KvmIoctl.KVM_SET_TSC_KHZ, khz));
    }

    /// Queues an external interrupt. Delivered even with IF clear: look at [KvmRun#readyForInterruptInjection] first.
    public void interrupt(int vector) {
        argument.set(JAVA_INT, INTERRUPT_IRQ, vector);
        check("KVM_INTERRUPT", fd.ioctl(state, KvmIoctl.KVM_INTERRUPT, argument, argument.byteSize()));
    }

    /// The guest-physical address behind a linear one, by the guest's present page tables, or -1. For diagnostics.
    public long translate(long linearAddress) {
        argument.set(JAVA_LONG, LINEAR_ADDRESS, linearAddress);
        call("KVM_TRANSLATE", KvmIoctl.KVM_TRANSLATE, argument, KvmArguments.TRANSLATION);
        boolean valid = argument.get(JAVA_BYTE, TRANSLATION_VALID) != 0;
        return valid ? argument.get(JAVA_LONG, PHYSICAL_ADDRESS) : -1;
    }

    /// Opens the vCPU's counters. Needs KVM_CAP_BINARY_STATS_FD.
    public KvmStats stats() {
        return KvmStats.of(new Fd(check("KVM_GET_STATS_FD", fd.ioctl(state, KvmIoctl.KVM_GET_STATS_FD, 0))));
    }

    private void call(String name, long request, MemorySegment struct, StructLayout layout) {
        check(name, fd.ioctl(state, request, struct, layout.byteSize()));
    }

    private static int check(String name, int result) {
        return HostException.check(name, result);
    }

    /// Closes descriptor and page. Nobody may be inside [#run].
    @Override
    public void close() {
        fd.close();
        mapping.close();
    }
}
