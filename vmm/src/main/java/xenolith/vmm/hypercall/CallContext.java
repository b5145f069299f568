package xenolith.vmm.hypercall;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.monitor.MonitorAbi;

/// One vcpu's hypercall under way: scratch memory for copies, how far a long one has come, and what its stub shall do
/// when it gets the answer. One per vcpu, reused. Lock: the domain's.
public final class CallContext {
    /// Not an answer: the call must be made again by the vcpu's own thread, from where [#progress] says.
    public static final long RING = Long.MIN_VALUE;
    /// Not an answer: let the vcpu's thread look around, commit what is queued, then call again; [#progress] says how much is done.
    public static final long AGAIN = Long.MIN_VALUE + 1;

    /// Room for the largest structure, `vcpu_guest_context`.
    private static final long SCRATCH_BYTES = 8192;
    /// Xen's own bound on the ports of one poll.
    static final int MAX_POLL_PORTS = 128;
    /// What is done of a long call before the vcpu's thread may look around, in elements of `mmu_update`.
    private static final int PIECE = 2048;

    private final Vcpu vcpu;
    private final VcpuControl control;
    private final MemorySegment scratch = Arena.ofAuto().allocate(SCRATCH_BYTES, MachineMemory.PAGE_SIZE);
    private final int[] pollPorts = new int[MAX_POLL_PORTS];
    private boolean polled;
    private int actions;
    private long progress;
    private long outerProgress;
    private int spent;

    public CallContext(Vcpu vcpu, VcpuControl control) {
        this.vcpu = vcpu;
        this.control = control;
    }

    /// Begins a call that is not the continuation of another.
    public void begin() {
        progress = 0;
        outerProgress = 0;
        spent = 0;
        actions = 0;
    }

    /// Says whether a poller serves the call while the vcpu may still run.
    public void polled(boolean byPoller) {
        polled = byPoller;
    }

    boolean isPolled() {
        return polled;
    }

    public Vcpu vcpu() {
        return vcpu;
    }

    Domain domain() {
        return vcpu.domain();
    }

    VcpuControl control() {
        return control;
    }

    MemorySegment scratch() {
        return scratch;
    }

    /// The ports of a poll under way; the lock is given up during one, so each vcpu has its own.
    int[] pollPorts() {
        return pollPorts;
    }

    // ---- what the stub shall do

    void loadFsBase(long base) {
        vcpu.window().fsBase(base);
        actions |= MonitorAbi.ACT_FS_BASE;
    }

    public int actions() {
        return actions;
    }

    // ---- long calls

    /// Whether the call shall answer [#AGAIN] before it does something that costs as much as `cost` elements. A guest
    /// can name more elements than we could do in an hour, and its domain must be able to end.
    boolean isPieceOver(int cost) {
        spent += cost;
        if (spent <= PIECE) {
            return false;
        }
        spent = 0;
        return true;
    }

    /// Says that something cost as much as `cost` elements, once it is done: the next [#isPieceOver] counts it.
    void spend(int cost) {
        spent += cost;
    }

    long progress() {
        return progress;
    }

    void progress(long elementsDone) {
        progress = elementsDone;
    }

    long outerProgress() {
        return outerProgress;
    }

    void outerProgress(long elementsDone) {
        outerProgress = elementsDone;
    }

    // ---- the guest's memory

    long rootMfn() {
        return vcpu.window().kernelCr3() >>> MachineMemory.PAGE_SHIFT;
    }

    /// Copies `byteLength` bytes, at most two pages, at guest address `va` to the start of [#scratch].
    boolean copyIn(long va, long byteLength) {
        return domain().guestMemory().copyIn(rootMfn(), va, scratch, 0, byteLength);
    }

    /// Copies in what the answer is to be written back to, for calls that change something in between: false also if it
    /// could not be written.
    boolean copyInForAnswer(long va, long byteLength) {
        return canWrite(va, byteLength) && copyIn(va, byteLength);
    }

    /// Copies the first `byteLength` bytes of [#scratch] to guest address `va`.
    boolean copyOut(long va, long byteLength) {
        return domain().guestMemory().copyOut(rootMfn(), va, scratch, 0, byteLength);
    }

    /// Copies `byteLength` bytes from `offset` in [#scratch] to guest address `va`.
    boolean copyOut(long va, long offset, long byteLength) {
        return domain().guestMemory().copyOut(rootMfn(), va, scratch, offset, byteLength);
    }

    /// Whether the guest may write the bytes, at least 1 and not more than a page, at `va`: for calls whose answer
    /// must reach it, before anything is done.
    boolean canWrite(long va, long byteLength) {
        return domain().pageTables().translate(rootMfn(), va, true) >= 0
                && domain().pageTables().translate(rootMfn(), va + byteLength - 1, true) >= 0;
    }
}
