package xenolith.vmm.monitor;

import xenolith.vmm.guest.MachineMemory;

/// Java's side of one vcpu's window: the page that ring 0 trusts and the mailbox that the guest may write.
///
/// The fields of the super page are written while the vcpu waits for an answer or is out of the guest, so plain
/// stores do. In the mailbox, [#answer] publishes: the stub reads result and action after it.
public final class MonitorWindow {
    private static final long KERNEL_CR3 = MonitorAbi.superOffset("S_KERNEL_CR3");
    private static final long USER_CR3 = MonitorAbi.superOffset("S_USER_CR3");
    private static final long CR2 = MonitorAbi.superOffset("S_CR2");
    private static final long COMMIT_RIP = MonitorAbi.superOffset("S_COMMIT_RIP");
    private static final long COMMIT_LIST = MonitorAbi.superOffset("S_COMMIT_LIST");
    private static final long VCPU_INFO = MonitorAbi.superOffset("S_VCPU_INFO");
    private static final long POLLER = MonitorAbi.superOffset("S_POLLER");
    private static final long SYSCALL_ENTRY = MonitorAbi.superOffset("S_SYSCALL_ENTRY");
    private static final long SYSCALL_MASKS = MonitorAbi.superOffset("S_SYSCALL_MASKS");
    private static final long EVENT_ENTRY = MonitorAbi.superOffset("S_EVENT_ENTRY");
    private static final long FAULT_ENTRY = MonitorAbi.superOffset("S_FAULT_ENTRY");
    private static final long FAULT_MASKS = MonitorAbi.superOffset("S_FAULT_MASKS");
    private static final long FRAME_SYSCALL = MonitorAbi.superOffset("S_FRAME_SYSCALL");
    private static final long FRAME_USER_FAULT = MonitorAbi.superOffset("S_FRAME_USER_FAULT");
    private static final long FRAME_KERNEL_FAULT = MonitorAbi.superOffset("S_FRAME_KERNEL_FAULT");
    private static final long FRAME_KERNEL_GP = MonitorAbi.superOffset("S_FRAME_KERNEL_GP");
    private static final long SKIP_CLI = MonitorAbi.superOffset("S_SKIP_CLI");
    private static final long FRAME_FLAGS = MonitorAbi.superOffset("S_FRAME_FLAGS");
    private static final long SLOW_IRET = MonitorAbi.superOffset("S_SLOW_IRET");
    private static final long DEBUG_FRAME = MonitorAbi.superOffset("S_DEBUG_FRAME");
    private static final long IST_ERROR = MonitorAbi.superOffset("S_IST_ERROR");
    private static final long IST_RIP = MonitorAbi.superOffset("S_IST_RIP");
    private static final long FRAME_RSP = 24;
    /// IF and the bit that is always set.
    private static final long FLAGS_ALWAYS = 0x202;
    private static final int IOPL_SHIFT = 12;

    private static final long SEQ = MonitorAbi.mailboxOffset("M_SEQ");
    private static final long NR = MonitorAbi.mailboxOffset("M_NR");
    private static final long ARG0 = MonitorAbi.mailboxOffset("M_ARG0");
    private static final long M_RSP = MonitorAbi.mailboxOffset("M_RSP");
    private static final long M_RIP = MonitorAbi.mailboxOffset("M_RIP");
    private static final long ANSWER = MonitorAbi.mailboxOffset("M_ANSWER");
    private static final long RESULT = MonitorAbi.mailboxOffset("M_RESULT");
    private static final long ACTION = MonitorAbi.mailboxOffset("M_ACTION");
    private static final long FS_BASE = MonitorAbi.mailboxOffset("M_FS_BASE");
    private static final long RESUME_RAX = MonitorAbi.mailboxOffset("M_RESUME_RAX");
    private static final long RESUME_RCX = MonitorAbi.mailboxOffset("M_RESUME_RCX");
    private static final long RESUME_FRAME = MonitorAbi.mailboxOffset("M_RESUME_FRAME");
    private static final long COMMITTING = MonitorAbi.mailboxOffset("M_COMMITTING");
    private static final long KERNEL_SP = MonitorAbi.mailboxOffset("M_KERNEL_SP");
    private static final long KERNEL_GS = MonitorAbi.mailboxOffset("M_KERNEL_GS");
    private static final long USER_GS = MonitorAbi.mailboxOffset("M_USER_GS");
    private static final long COUNTS = MonitorAbi.mailboxOffset("M_COUNT_SYSCALL");

    private final MachineMemory memory;
    private final long superMa;
    private final long mailboxMa;
    private final long va;
    private final long idleCommitRip;
    private final long commitListVa;

    MonitorWindow(MachineMemory memory, long superMa, long mailboxMa, int vcpuId) {
        this.memory = memory;
        this.superMa = superMa;
        this.mailboxMa = mailboxMa;
        this.va = MonitorAbi.windowVa(vcpuId);
        // The plain stub of vector 0.
        this.idleCommitRip = va + MonitorAbi.W_HANDLERS;
        this.commitListVa = MonitorAbi.commitListVa(vcpuId);
        memory.writeWord(superMa + COMMIT_LIST, commitListVa);
        memory.writeWord(superMa + COMMIT_RIP, idleCommitRip);
        shownIopl(0);
    }

    /// Writes the frames by which ring 0 enters the stubs.
    void initFrames(long syscallRip, long userFaultRip, long kernelFaultRip, long kernelGpRip) {
        initFrame(FRAME_SYSCALL, syscallRip, 0);
        initFrame(FRAME_USER_FAULT, userFaultRip, 0);
        initFrame(FRAME_KERNEL_FAULT, kernelFaultRip, va + MonitorAbi.SCRATCH_STACK_TOP);
        initFrame(FRAME_KERNEL_GP, kernelGpRip, va + MonitorAbi.SCRATCH_STACK_TOP);
    }

    private void initFrame(long frame, long rip, long rsp) {
        long at = superMa + frame;
        memory.writeWord(at, rip);
        memory.writeWord(at + 8, MonitorAbi.GUEST_CS);
        memory.writeWord(at + 16, 0x202);
        memory.writeWord(at + FRAME_RSP, rsp);
        memory.writeWord(at + 32, MonitorAbi.GUEST_SS);
    }

    // ---- the super page

    public long kernelCr3() {
        return memory.readWord(superMa + KERNEL_CR3);
    }

    public void kernelCr3(long ma) {
        memory.writeWord(superMa + KERNEL_CR3, ma);
    }

    /// 0 while the guest has set no user root: then no quick way leads to user mode.
    public long userCr3() {
        return memory.readWord(superMa + USER_CR3);
    }

    public void userCr3(long ma) {
        memory.writeWord(superMa + USER_CR3, ma);
    }

    /// CR2 of the last page fault that took a quick gate.
    public long faultAddress() {
        return memory.readWord(superMa + CR2);
    }

    /// The guest address, inside the window, at which the stubs find `vcpu_info`.
    void vcpuInfoVa(long infoVa) {
        memory.writeWord(superMa + VCPU_INFO, infoVa);
    }

    /// Whether stubs may spin for an answer instead of ringing the doorbell.
    public void poller(boolean active) {
        memory.writeWord(superMa + POLLER, active ? 1 : 0);
    }

    public void syscallEntry(long va, boolean masksEvents) {
        memory.writeWord(superMa + SYSCALL_ENTRY, va);
        memory.writeWord(superMa + SYSCALL_MASKS, masksEvents ? 1 : 0);
    }

    public void eventEntry(long va) {
        memory.writeWord(superMa + EVENT_ENTRY, va);
    }

    public void pageFaultEntry(long va, boolean masksEvents) {
        memory.writeWord(superMa + FAULT_ENTRY, va);
        memory.writeWord(superMa + FAULT_MASKS, masksEvents ? 1 : 0);
    }

    /// Whether CLI and STI of the guest's kernel do nothing, rather than fault.
    public void skipCli(boolean skip) {
        memory.writeWord(superMa + SKIP_CLI, skip ? 1 : 0);
    }

    /// The I/O privilege level in the flags that the stubs save for the guest.
    public void shownIopl(int iopl) {
        memory.writeWord(superMa + FRAME_FLAGS, FLAGS_ALWAYS | (long) iopl << IOPL_SHIFT);
    }

    /// Whether every iret hypercall is Java's.
    public void slowIret(boolean slow) {
        memory.writeWord(superMa + SLOW_IRET, slow ? 1 : 0);
    }

    /// Whether the stubs count on a poller.
    public boolean poller() {
        return memory.readWord(superMa + POLLER) != 0;
    }

    /// Word `index` of the frame on the interrupt stack at machine-independent offset `rsp & 0xfff`.
    public long gateFrame(long rsp, int index) {
        return memory.readWord(superMa + (rsp & 0xff8) + 8L * index);
    }

    /// Offset of the last gate's frame, from its error code on if `withError`.
    public static long gateFrameOffset(boolean withError) {
        return withError ? IST_ERROR : IST_RIP;
    }

    /// Offset of the frame of the last debug exception, which has no error code.
    public static long debugFrameOffset() {
        return DEBUG_FRAME;
    }

    /// Whether no commit is due: ring 0 says so at the end of one, and gate 0 is that of a divide error again.
    boolean commitDone() {
        return memory.readWord(superMa + COMMIT_RIP) == idleCommitRip;
    }

    /// Where ring 0 sees the word that [#commitDone] looks at.
    long commitRipVa() {
        return va + MonitorAbi.W_SUPER + COMMIT_RIP;
    }

    /// What ring 0 sets it to.
    long idleCommitRip() {
        return idleCommitRip;
    }

    /// The stack with which ring 0 enters a commit.
    public long commitListVa() {
        return commitListVa;
    }

    void commitRip(long rip) {
        memory.writeWord(superMa + COMMIT_RIP, rip);
    }

    // ---- the mailbox

    /// The number of the stub's latest call. Acquire: its arguments, stored before, are read after.
    public long sequence() {
        return memory.readWordAcquire(mailboxMa + SEQ);
    }

    public long hypercallNumber() {
        return memory.readWord(mailboxMa + NR);
    }

    public long argument(int index) {
        return memory.readWord(mailboxMa + ARG0 + 8L * index);
    }

    public long callerRsp() {
        return memory.readWord(mailboxMa + M_RSP);
    }

    public long callerRip() {
        return memory.readWord(mailboxMa + M_RIP);
    }

    /// Posts a call of two arguments in the stub's place.
    public void post(long number, long argument0, long argument1) {
        memory.writeWord(mailboxMa + NR, number);
        memory.writeWord(mailboxMa + ARG0, argument0);
        memory.writeWord(mailboxMa + ARG0 + Long.BYTES, argument1);
        memory.writeWordRelease(mailboxMa + SEQ, memory.readWord(mailboxMa + SEQ) + 1);
    }

    /// Answers call `sequence`: the stub sees result and action once it sees the sequence number.
    public void answer(long sequence, long result, int action) {
        memory.writeWord(mailboxMa + RESULT, result);
        memory.writeWord(mailboxMa + ACTION, action);
        memory.writeWordRelease(mailboxMa + ANSWER, sequence);
    }

    /// What [#fsBase] was set to, made canonical, for the guest may have changed it.
    public long fsBase() {
        return memory.readWord(mailboxMa + FS_BASE) << 16 >> 16;
    }

    public void fsBase(long base) {
        memory.writeWord(mailboxMa + FS_BASE, base);
    }

    /// The top of the stack for traps from user mode, as `stack_switch` gave it, which the stubs answer by themselves.
    /// They align it as a gate does.
    public long kernelSp() {
        return memory.readWord(mailboxMa + KERNEL_SP);
    }

    public void kernelSp(long rsp) {
        memory.writeWord(mailboxMa + KERNEL_SP, rsp);
    }

    public long kernelGs() {
        return memory.readWord(mailboxMa + KERNEL_GS);
    }

    public void kernelGs(long base) {
        memory.writeWord(mailboxMa + KERNEL_GS, base);
    }

    public long userGs() {
        return memory.readWord(mailboxMa + USER_GS);
    }

    public void userGs(long base) {
        memory.writeWord(mailboxMa + USER_GS, base);
    }

    /// Ring 0 is entered by us, not by the stub, for a commit after which the stub goes on at `commit_done`.
    ///
    /// @param rdi what the stub restores, the commit's only casualty
    public void committing(long rdi) {
        memory.writeWord(mailboxMa + COMMITTING, 1);
        memory.writeWord(mailboxMa + ARG0, rdi);
    }

    /// After the commit the guest's kernel goes on there, rather than out of a hypercall.
    public void resumeFrame(long rip, long rflags, long rsp, long rax, long rcx) {
        memory.writeWord(mailboxMa + RESUME_RAX, rax);
        memory.writeWord(mailboxMa + RESUME_RCX, rcx);
        long at = mailboxMa + RESUME_FRAME;
        memory.writeWord(at, rip);
        memory.writeWord(at + 8, MonitorAbi.GUEST_CS);
        memory.writeWord(at + 16, rflags);
        memory.writeWord(at + 24, rsp);
        memory.writeWord(at + 32, MonitorAbi.GUEST_SS);
    }

    public void action(int action) {
        memory.writeWord(mailboxMa + ACTION, action);
    }

    /// What the stubs counted: system calls, irets to user and kernel, user and kernel faults, upcalls,
    /// CLI and STI, reads of the user's GS base, and the hypercalls that they answer. The guest
    /// could forge them; they are for people to read.
    public long count(StubCount which) {
        return memory.readWord(mailboxMa + COUNTS + 8L * which.ordinal());
    }

    /// In the order of the mailbox.
    public enum StubCount {
        SYSCALL, IRET_USER, IRET_KERNEL, USER_FAULT, KERNEL_FAULT, UPCALL, CLI, RDMSR,
        STACK_SWITCH, SEGMENT_BASE, VERSION, SEND
    }
}
