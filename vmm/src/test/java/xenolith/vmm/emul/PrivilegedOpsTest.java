package xenolith.vmm.emul;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// What a guest may do at ring 3, and what becomes of the rest.
class PrivilegedOpsTest {
    private static final long RIP = 0xffffffff81000000L;
    private static final int[] RDMSR = {0x0f, 0x32};
    private static final int[] WRMSR = {0x0f, 0x30};
    private static final int[] CLI = {0xfa};
    private static final int[] READ_CR0 = {0x0f, 0x20, 0xc0}; // mov %cr0,%rax
    private static final int[] WRITE_CR0 = {0x0f, 0x22, 0xc0};
    private static final int[] WRITE_CR3 = {0x0f, 0x22, 0xd8};
    private static final int[] WRITE_CR4 = {0x0f, 0x22, 0xe0};
    private static final int[] FORCED_CPUID = {0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2};
    private static final int[] XSETBV = {0x0f, 0x01, 0xd1};

    private final PrivilegedOps ops = new PrivilegedOps();
    private final FakeState state = new FakeState();
    private final PlainRegisters regs = PlainRegisters.at(RIP);
    private final Instruction in = new Instruction();

    @Test
    void theFirstWrmsrOfALinuxKernelSetsTheGsBase() {
        state.hasGpHandler = false;
        wrmsr(0xc0000101, 0xffffffff82000000L);
        assertThat(state.gsBase()).isEqualTo(0xffffffff82000000L);
        assertThat(regs.rip()).isEqualTo(RIP + 2);
    }

    @Test
    void rdmsrSplitsTheValueOverTwoRegisters() {
        regs.with(GuestRegisters.RCX, 0x277).with(GuestRegisters.RAX, -1).with(GuestRegisters.RDX, -1);
        assertThat(execute(RDMSR)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(regs.get(GuestRegisters.RDX)).isEqualTo(0x501);
        assertThat(regs.get(GuestRegisters.RAX)).isEqualTo(0x0007_0406);
    }

    @Test
    void anUnknownMsrIsRefusedOnceTheGuestCanTakeIt() {
        regs.set(GuestRegisters.RCX, 0x1234);
        assertThat(execute(RDMSR)).isEqualTo(PrivilegedOps.REFUSED);
        assertThat(execute(WRMSR)).isEqualTo(PrivilegedOps.REFUSED);
        assertThat(regs.rip()).isEqualTo(RIP);
        state.hasGpHandler = false;
        regs.set(GuestRegisters.RAX, -1);
        assertThat(execute(WRMSR)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(execute(RDMSR)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(regs.get(GuestRegisters.RAX)).isZero();
    }

    @Test
    void guestUserModeMayDoNothingPrivileged() {
        state.virtualCpl = 3;
        state.hasGpHandler = false;
        regs.set(GuestRegisters.RCX, 0xc0000101);
        for (int[] code : new int[][] {RDMSR, WRMSR, CLI, READ_CR0, WRITE_CR3, XSETBV, {0x0f, 0x06}, {0x0f, 0x09},
            {0xf4}, {0xe4, 0x42}, {0x0f, 0x01, 0x3f}, {0x0f, 0x01, 0xf8}}) {
            assertThat(execute(code)).isEqualTo(PrivilegedOps.REFUSED);
        }
        assertThat(state.invalidated).isEmpty();
        assertThat(regs.rip()).isEqualTo(RIP);
    }

    @Test
    void cr0TakesNoChangeButTaskSwitched() {
        execute(READ_CR0);
        long cr0 = regs.get(GuestRegisters.RAX);
        assertThat(cr0).isEqualTo(0x80050033L);
        regs.set(GuestRegisters.RAX, cr0 | 8);
        assertThat(execute(WRITE_CR0)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(state.taskSwitched()).isTrue();
        execute(READ_CR0);
        assertThat(regs.get(GuestRegisters.RAX)).isEqualTo(cr0 | 8);
        for (int bit = 0; bit < 64; bit++) {
            regs.set(GuestRegisters.RAX, cr0 ^ 1L << bit);
            assertThat(execute(WRITE_CR0)).isEqualTo(bit == 3 ? PrivilegedOps.EMULATED : PrivilegedOps.REFUSED);
        }
    }

    @Test
    void cltsClearsTaskSwitched() {
        state.taskSwitched(true);
        assertThat(execute(0x0f, 0x06)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(state.taskSwitched()).isFalse();
    }

    @Test
    void lmswMayChangeNothingButTaskSwitched() {
        regs.set(GuestRegisters.RAX, 0x3b);
        assertThat(execute(0x0f, 0x01, 0xf0)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(state.taskSwitched()).isTrue();
        regs.set(GuestRegisters.RAX, 0x37);
        assertThat(execute(0x0f, 0x01, 0xf0)).isEqualTo(PrivilegedOps.REFUSED);
    }

    @Test
    void cr3IsJudgedByTheDomain() {
        regs.set(GuestRegisters.RAX, 0x7777000);
        assertThat(execute(WRITE_CR3)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(state.cr3()).isEqualTo(0x7777000);
        state.refuseCr3 = true;
        assertThat(execute(WRITE_CR3)).isEqualTo(PrivilegedOps.REFUSED);
    }

    @Test
    void cr4KeepsTheBitsThatTheGuestDoesNotOwn() {
        regs.set(GuestRegisters.RAX, -1);
        assertThat(execute(WRITE_CR4)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(state.cr4()).isEqualTo(0x40660 | 1 << 2 | 1 << 3 | 1 << 16);
        regs.set(GuestRegisters.RAX, 0);
        execute(WRITE_CR4);
        assertThat(state.cr4()).isEqualTo(0x660);
    }

    @Test
    void osxsaveCannotBeSetWithoutXsave() {
        state.cr4(0x660);
        state.leaf1 = new int[] {0, 0, ~(1 << 26), 0};
        regs.set(GuestRegisters.RAX, -1);
        execute(WRITE_CR4);
        assertThat(state.cr4() & 1 << 18).isZero();
    }

    @Test
    void cr8AndItsLikeDoNotExist() {
        assertThat(execute(0x44, 0x0f, 0x20, 0xc0)).isEqualTo(PrivilegedOps.REFUSED);
        assertThat(execute(0x44, 0x0f, 0x22, 0xc0)).isEqualTo(PrivilegedOps.REFUSED);
        assertThat(execute(0x0f, 0x20, 0xc8)).isEqualTo(PrivilegedOps.REFUSED); // cr1
    }

    @Test
    void debugRegistersFourAndFiveAreSixAndSevenUntilDebuggingExtensions() {
        state.debugRegister(6, 0x4ff0);
        assertThat(execute(0x0f, 0x21, 0xe0)).isEqualTo(PrivilegedOps.EMULATED); // mov %db4,%rax
        assertThat(regs.get(GuestRegisters.RAX)).isEqualTo(0x4ff0);
        state.cr4(state.cr4() | 1 << 3);
        assertThat(execute(0x0f, 0x21, 0xe0)).isEqualTo(PrivilegedOps.UNDEFINED);
    }

    @Test
    void interruptFlagInstructionsDoNothingAtTheRightPrivilege() {
        assertThat(execute(CLI)).isEqualTo(PrivilegedOps.REFUSED);
        state.hasGpHandler = false;
        assertThat(execute(CLI)).isEqualTo(PrivilegedOps.EMULATED);
        state.hasGpHandler = true;
        state.iopl = 1;
        assertThat(execute(CLI)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(execute(0xfb)).isEqualTo(PrivilegedOps.EMULATED);
        state.virtualCpl = 3;
        assertThat(execute(CLI)).isEqualTo(PrivilegedOps.REFUSED);
        assertThat(ops.count(Operation.CLI)).isEqualTo(4);
        assertThat(regs.rflags()).isEqualTo(2);
    }

    @Test
    void portsReadAsOnesButThePitCounterAsZero() {
        state.iopl = 1;
        regs.with(GuestRegisters.RAX, 0).with(GuestRegisters.RDX, 0xdead0cfcL);
        assertThat(execute(0xed)).isEqualTo(PrivilegedOps.EMULATED); // in %dx,%eax
        assertThat(regs.get(GuestRegisters.RAX)).isEqualTo(0xffff_ffffL);
        execute(0xe4, 0x42);
        assertThat(regs.get(GuestRegisters.RAX)).isEqualTo(0xffff_ff00L);
        assertThat(execute(0xe6, 0x80)).isEqualTo(PrivilegedOps.EMULATED);
    }

    @Test
    void thePortBitmapAllowsWhatThePrivilegeLevelDoesNot() {
        state.virtualCpl = 3;
        state.ports.set(0x60, 0x62);
        regs.set(GuestRegisters.RDX, 0x60);
        assertThat(execute(0x66, 0xef)).isEqualTo(PrivilegedOps.EMULATED); // out %ax,%dx
        assertThat(execute(0xef)).isEqualTo(PrivilegedOps.REFUSED); // out %eax,%dx: two ports too many
        assertThat(execute(0x66, 0xed)).isEqualTo(PrivilegedOps.EMULATED);
    }

    @Test
    void stringOutputEndsAtOnce() {
        state.iopl = 1;
        regs.with(GuestRegisters.RCX, 1L << 60).with(GuestRegisters.RSI, 0x1000);
        assertThat(execute(0xf3, 0x6f)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(regs.get(GuestRegisters.RCX)).isZero();
        assertThat(regs.get(GuestRegisters.RSI)).isEqualTo(0x1000 + (1L << 62));
        assertThat(execute(0x6c)).isEqualTo(PrivilegedOps.REFUSED);
    }

    @Test
    void forcedCpuidAnswersUserSpaceToo() {
        state.virtualCpl = 3;
        regs.with(GuestRegisters.RAX, 1).with(GuestRegisters.RBX, -1);
        state.leaf1 = new int[] {1, -2, 3, 4};
        assertThat(execute(FORCED_CPUID)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(regs.get(GuestRegisters.RBX)).isEqualTo(0xffff_fffeL);
        assertThat(regs.get(GuestRegisters.RDX)).isEqualTo(4);
        assertThat(regs.rip()).isEqualTo(RIP + 7);
    }

    @Test
    void osxsaveInLeafOneFollowsTheVirtualCr4() {
        int osxsave = 1 << 27;
        regs.set(GuestRegisters.RAX, 1);
        execute(FORCED_CPUID);
        assertThat(regs.get(GuestRegisters.RCX) & osxsave).isNotZero();
        state.cr4(0x660);
        regs.set(GuestRegisters.RAX, 1);
        execute(FORCED_CPUID);
        assertThat(regs.get(GuestRegisters.RCX) & osxsave).isZero();
    }

    @Test
    void xcr0TakesOnlyWhatCpuidOffers() {
        long[] lawful = {1, 3, 7, 0xe7};
        for (long value = 0; value < 512; value++) {
            regs.with(GuestRegisters.RCX, 0).with(GuestRegisters.RAX, value).with(GuestRegisters.RDX, 0);
            boolean expected = Arrays.binarySearch(lawful, value) >= 0;
            assertThat(execute(XSETBV)).isEqualTo(expected ? PrivilegedOps.EMULATED : PrivilegedOps.REFUSED);
        }
        assertThat(state.xcr0()).isEqualTo(0xe7);
        regs.with(GuestRegisters.RCX, 1).with(GuestRegisters.RAX, 7);
        assertThat(execute(XSETBV)).isEqualTo(PrivilegedOps.REFUSED);
        state.cr4(0x660);
        regs.set(GuestRegisters.RCX, 0);
        assertThat(execute(XSETBV)).isEqualTo(PrivilegedOps.UNDEFINED);
    }

    @Test
    void invlpgNamesTheAddressOfItsOperand() {
        regs.with(GuestRegisters.RDI, 0x5000);
        assertThat(execute(0x0f, 0x01, 0x7f, 0x10)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(state.invalidated).containsExactly(0x5010L);
    }

    @Test
    void rdtscpObeysTheTimeStampDisableBitInUserModeOnly() {
        state.tscAux(5);
        assertThat(execute(0x0f, 0x01, 0xf9)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(PrivilegedOps.pair(regs)).isEqualTo(state.tsc());
        assertThat(regs.get(GuestRegisters.RCX)).isEqualTo(5);
        state.cr4(state.cr4() | 1 << 2);
        assertThat(execute(0x0f, 0x31)).isEqualTo(PrivilegedOps.EMULATED);
        state.virtualCpl = 3;
        assertThat(execute(0x0f, 0x31)).isEqualTo(PrivilegedOps.REFUSED);
    }

    @Test
    void theRestIsDeliveredOrRefused() {
        assertThat(execute(0xcd, 0x80)).isEqualTo(PrivilegedOps.SOFTWARE_INTERRUPT);
        assertThat(in.immediate()).isEqualTo(0x80);
        assertThat(execute(0x0f, 0x0b)).isEqualTo(PrivilegedOps.UNDEFINED);
        assertThat(execute(0x48, 0x89, 0x07)).isEqualTo(PrivilegedOps.NOT_PRIVILEGED);
        assertThat(execute(0xf4)).isEqualTo(PrivilegedOps.REFUSED);
        assertThat(execute(0x0f, 0x01, 0xf8)).isEqualTo(PrivilegedOps.REFUSED);
        assertThat(execute(0x0f, 0x01, 0x10)).isEqualTo(PrivilegedOps.REFUSED);
        assertThat(regs.rip()).isEqualTo(RIP);
        assertThat(execute(0x0f, 0x08)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(execute(0x0f, 0x09)).isEqualTo(PrivilegedOps.EMULATED);
        assertThat(regs.rip()).isEqualTo(RIP + 4);
    }

    private void wrmsr(int msr, long value) {
        regs.with(GuestRegisters.RCX, msr).with(GuestRegisters.RAX, value).with(GuestRegisters.RDX, value >>> 32);
        assertThat(execute(WRMSR)).isEqualTo(PrivilegedOps.EMULATED);
    }

    private int execute(int... code) {
        byte[] bytes = new byte[code.length];
        for (int i = 0; i < code.length; i++) {
            bytes[i] = (byte) code[i];
        }
        assertThat(new Decoder().decode(bytes, bytes.length, in)).isEqualTo(code.length);
        return ops.execute(in, regs, state);
    }
}
