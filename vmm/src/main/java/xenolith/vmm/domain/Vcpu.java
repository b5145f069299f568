package xenolith.vmm.domain;

import xenolith.abi.XenVcpuInfo;
import xenolith.vmm.evtchn.EventTarget;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.monitor.MonitorWindow;
import xenolith.vmm.sched.GuestClock;
import xenolith.vmm.sched.RunState;
import xenolith.vmm.sched.VcpuTimer;

/// A virtual processor: all that Xen keeps of one beside its registers, which are KVM's.
///
/// Lock: the domain's, but for [#kick] and where the vcpu is, which any thread may ask.
public final class Vcpu implements EventTarget {
    /// Where the vcpu's thread is.
    public static final int IN_HOST = 0;
    public static final int IN_GUEST = 1;
    public static final int BLOCKED = 2;

    /// As Xen starts a guest: PAE, MCE, OSFXSR, OSXMMEXCPT, OSXSAVE.
    private static final long CR4_AT_START = 0x4_0660;

    private final int id;
    private final Domain domain;
    private final MonitorWindow window;
    private final TrapTable traps = new TrapTable();
    private final VcpuTimer timer;
    private final RunState runState;
    private final HypercallHistory history = new HypercallHistory();
    private final Whereabouts place = new Whereabouts();

    private volatile long vcpuInfoMa;

    private boolean up;
    private boolean ownVcpuInfo;
    private long runstateVa;
    private long timeAreaVa;
    private boolean taskSwitched;
    private final DebugRegisters debug = new DebugRegisters();
    private long cr4 = CR4_AT_START;
    private int iopl;
    private final Nmi nmi = new Nmi(this::tellMonitor);
    private long ioBitmapVa;
    private int ioBitmapPorts;

    Vcpu(int id, Domain domain, MonitorWindow window, GuestClock clock, long vcpuInfoMa) {
        this.id = id;
        this.domain = domain;
        this.window = window;
        this.timer = new VcpuTimer(clock);
        this.runState = new RunState(clock);
        this.vcpuInfoMa = vcpuInfoMa;
    }

    @Override
    public int id() {
        return id;
    }

    public Domain domain() {
        return domain;
    }

    public MonitorWindow window() {
        return window;
    }

    public TrapTable traps() {
        return traps;
    }

    public VcpuTimer timer() {
        return timer;
    }

    public RunState runState() {
        return runState;
    }

    public HypercallHistory history() {
        return history;
    }

    // ---- events

    @Override
    public long vcpuInfoMa() {
        return vcpuInfoMa;
    }

    public boolean eventPending() {
        return domain.memory().readByteVolatile(vcpuInfoMa + XenVcpuInfo.EVTCHN_UPCALL_PENDING_OFFSET) != 0;
    }

    public boolean eventsMasked() {
        return domain.memory().readByte(vcpuInfoMa + XenVcpuInfo.EVTCHN_UPCALL_MASK_OFFSET) != 0;
    }

    public void maskEvents(boolean mask) {
        domain.memory().writeByteVolatile(vcpuInfoMa + XenVcpuInfo.EVTCHN_UPCALL_MASK_OFFSET, (byte) (mask ? 1 : 0));
    }

    public void faultAddress(long cr2) {
        domain.memory().writeWord(vcpuInfoMa + XenVcpuInfo.CR2_OFFSET, cr2);
    }

    /// Moves `vcpu_info` to machine address `ma`, with what it holds. Once only.
    public void moveVcpuInfo(long ma) {
        MachineMemory memory = domain.memory();
        memory.segment().asSlice(MachineMemory.offset(ma), XenVcpuInfo.SIZEOF)
                .copyFrom(memory.segment().asSlice(MachineMemory.offset(vcpuInfoMa), XenVcpuInfo.SIZEOF));
        vcpuInfoMa = ma;
        ownVcpuInfo = true;
    }

    public boolean hasOwnVcpuInfo() {
        return ownVcpuInfo;
    }

    // ---- where it is

    public void attach(Thread vcpuThread) {
        place.attach(vcpuThread);
        timer.attachToCurrentThread();
        runState.attach(place.tid());
    }

    public void enter(int where) {
        place.enter(where);
    }

    public int where() {
        return place.where();
    }

    /// Its translations must go before it runs again. Any thread; the vcpu's own takes the wish back as it fulfils it.
    void wantFlush() {
        place.wantFlush();
    }

    /// Whether a flush is wanted; asked by the vcpu's thread, which flushes after that.
    public boolean takeFlush() {
        return place.takeFlush();
    }

    /// Says which other thread answers this vcpu's hypercalls: its raises need no kick, the stub looks by itself.
    public void servedBy(Thread poller) {
        place.servedBy(poller);
    }

    @Override
    public void kick() {
        place.kick();
    }

    /// Whether it was called out of a wait since [#forgetCall].
    public boolean isCalled() {
        return place.isCalled();
    }

    /// Before the vcpu's thread looks for what it waits for: who calls later has perhaps not been seen.
    public void forgetCall() {
        place.forgetCall();
    }

    /// It may be polling for an event that makes no upcall due.
    @Override
    public void wakeIfBlocked() {
        place.wakeIfBlocked();
    }

    /// As [#kick], also from the poller: the vcpu must come out of the guest.
    public void interrupt() {
        place.interrupt();
    }

    // ---- state set by hypercalls

    public boolean isUp() {
        return up;
    }

    void up(boolean isUp) {
        up = isUp;
    }

    /// Top of the stack for traps from user mode, as `stack_switch` gave it. The guest's kernel can change it at any time.
    public long kernelSp() {
        return window.kernelSp();
    }

    public void kernelSp(long sp) {
        window.kernelSp(sp);
    }

    /// Guest address of the registered runstate area, 0 for none.
    public long runstateVa() {
        return runstateVa;
    }

    public void runstateVa(long va) {
        runstateVa = va;
    }

    /// Guest address of the registered copy of the time info, 0 for none.
    public long timeAreaVa() {
        return timeAreaVa;
    }

    public void timeAreaVa(long va) {
        timeAreaVa = va;
    }

    /// The virtual CR0.TS: floating point raises #NM.
    public boolean taskSwitched() {
        return taskSwitched;
    }

    public void taskSwitched(boolean set) {
        taskSwitched = set;
    }

    public DebugRegisters debug() {
        return debug;
    }

    /// [DebugRegisters#set], after which irets are Java's while a breakpoint is set: the stub forgets RF.
    public long setDebugRegister(int number, long value) {
        long result = debug.set(number, value);
        tellMonitor();
        return result;
    }

    /// The virtual CR4.
    public long cr4() {
        return cr4;
    }

    public void cr4(long value) {
        cr4 = value;
    }

    public int iopl() {
        return iopl;
    }

    public void iopl(int level) {
        iopl = level;
        tellMonitor();
    }

    public Nmi nmi() {
        return nmi;
    }

    /// Gives the stubs what they must know of I/O privilege, NMIs and the domain's [Assists].
    public void tellMonitor() {
        boolean shown = domain.assists().architecturalIopl();
        window.skipCli(shown || iopl > 0);
        window.shownIopl(shown ? iopl : 0);
        window.slowIret(nmi.isMasked() || shown && iopl > 0 || debug.isLoaded() && debug.isActive());
    }

    /// Sets the ports that user mode may use: `portCount` bits, clear for yes, at guest address `bitmapVa` of the kernel.
    public void ioBitmap(long bitmapVa, int portCount) {
        ioBitmapVa = bitmapVa;
        ioBitmapPorts = portCount;
    }

    public long ioBitmapVa() {
        return ioBitmapVa;
    }

    public int ioBitmapPorts() {
        return ioBitmapPorts;
    }
}
