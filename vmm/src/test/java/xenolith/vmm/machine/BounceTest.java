package xenolith.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.kvm.Kvm;
import xenolith.abi.XenCallback;
import xenolith.abi.XenVmAssist;
import xenolith.kvm.KvmSegment;
import xenolith.kvm.KvmSregs;
import xenolith.kvm.KvmVcpu;
import xenolith.kvm.KvmVm;
import xenolith.posix.HostException;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.emul.GuestRegisters;
import xenolith.vmm.monitor.MonitorAbi;

/// The frames that Java builds on a guest kernel's stack, word by word. The vcpu is KVM's, for its registers are; it
/// never runs.
class BounceTest {
    private static final int STACK = TestDomain.FIRST_DATA + 3;
    private static final int KERNEL_STACK = STACK + 1;
    private static final int USER_ROOT = TestDomain.SPARE;
    private static final long HANDLER = 0xffff_ffff_8100_1230L;
    private static final long RIP = 0xffff_ffff_8100_4567L;
    private static final long USER_RIP = 0x40_1000;
    private static final long RCX = 0x1111;
    private static final long R11 = 0x2222;
    private static final long IF = 0x200;
    private static final long TF_NT_RF_AC = 0x100 | 0x4000 | 0x1_0000 | 0x4_0000;
    private static final long DF = 0x400;
    private static final long CARRY = 1;
    private static final long MASKED = 1L << 32;
    private static final int GP = 13;
    private static final int BREAKPOINT = 3;

    private Kvm kvm;
    private KvmVm vm;
    private KvmVcpu kvmVcpu;
    private TestDomain d;
    private Vcpu vcpu;
    private GuestCpu cpu;
    private Bounce bounce;

    @BeforeEach
    void createVcpu() {
        try {
            kvm = Kvm.open();
        } catch (HostException e) {
            assumeTrue(false, "a vcpu's registers are KVM's: " + e.getMessage());
        }
        vm = kvm.createVm();
        kvmVcpu = vm.createVcpu(0);
        d = new TestDomain();
        vcpu = d.domain.vcpu(0);
        cpu = new GuestCpu(0, kvmVcpu, vcpu.window(), true);
        kvmVcpu.getSregs(cpu.run().sregs());
        cpu.reset();
        bounce = new Bounce(vcpu, cpu);
        d.page(USER_ROOT).copyFrom(d.page(0));
        assertThat(d.domain.roots().loadUser(vcpu, d.mfn(USER_ROOT))).isZero();
        vcpu.maskEvents(false);
        vcpu.kernelSp(d.va(KERNEL_STACK) + 4096 - 5);
        vcpu.traps().set(GP, 0, HANDLER);
        vcpu.traps().set(BREAKPOINT, 3 | 4, HANDLER + 3);
        cpu.rip(RIP);
        cpu.rsp(d.va(STACK) + 2048 + 11);
        cpu.rflags(CARRY);
        cpu.set(GuestRegisters.RCX, RCX);
        cpu.set(11, R11);
    }

    @AfterEach
    void close() {
        if (kvm != null && vm != null) {
            kvmVcpu.close();
            vm.close();
            kvm.close();
        }
    }

    private void userMode() {
        vcpu.window().kernelGs(0xaaaa_0000L);
        vcpu.window().userGs(0xbbbb_0000L);
        KvmSregs.gsBase(cpu.run().sregs(), 0xaaaa_0000L);
        cpu.switchToUser(0x33, 0x2b);
        cpu.rip(USER_RIP);
    }

    private long word(int pfn, int offset) {
        return d.memory.readWord(d.ma(pfn) + offset);
    }

    private void assertFrame(int pfn, int offset, long... words) {
        for (int i = 0; i < words.length; i++) {
            assertThat(word(pfn, offset + i * 8)).as("word %d from the lowest", i).isEqualTo(words[i]);
        }
        assertThat(cpu.rsp()).isEqualTo(d.va(pfn) + offset);
        assertThat(word(pfn, offset - 8)).as("below the frame").isZero();
    }

    // ---- from the kernel

    @Test
    void aTrapOfTheKernelGoesOnItsOwnAlignedStackWithRing0InItsCs() {
        assertThat(bounce.trap(BREAKPOINT, false, 0)).isTrue();

        assertFrame(STACK, 2048 - 7 * 8, RCX, R11, RIP, MonitorAbi.GUEST_CS_RPL0, CARRY | 2 | IF,
                d.va(STACK) + 2048 + 11, MonitorAbi.GUEST_SS);
        assertThat(cpu.rip()).isEqualTo(HANDLER + 3);
        assertThat(cpu.inKernel()).isTrue();
        assertThat(cpu.get(GuestRegisters.RCX)).isEqualTo(RCX);
    }

    @Test
    void anErrorCodeLiesBelowRip() {
        assertThat(bounce.trap(GP, true, 0x1a)).isTrue();

        assertFrame(STACK, 2048 - 8 * 8, RCX, R11, 0x1a, RIP, MonitorAbi.GUEST_CS_RPL0, CARRY | 2 | IF,
                d.va(STACK) + 2048 + 11, MonitorAbi.GUEST_SS);
    }

    @Test
    void whileEventsAreMaskedTheFrameSaysSoTwice() {
        vcpu.maskEvents(true);

        assertThat(bounce.trap(GP, true, 0)).isTrue();

        assertThat(word(STACK, 2048 - 4 * 8)).as("CS").isEqualTo(MonitorAbi.GUEST_CS_RPL0 | MASKED);
        assertThat(word(STACK, 2048 - 3 * 8)).as("RFLAGS without IF").isEqualTo(CARRY | 2);
        assertThat(vcpu.eventsMasked()).isTrue();
    }

    @Test
    void onlyAGateThatMasksEventsMasksThem() {
        assertThat(bounce.trap(GP, true, 0)).isTrue();
        assertThat(vcpu.eventsMasked()).isFalse();
        assertThat(bounce.trap(BREAKPOINT, false, 0)).isTrue();
        assertThat(vcpu.eventsMasked()).isTrue();
    }

    @Test
    void anUpcallAlwaysMasksEvents() {
        assertThat(bounce.upcall(HANDLER)).isTrue();

        assertFrame(STACK, 2048 - 7 * 8, RCX, R11, RIP, MonitorAbi.GUEST_CS_RPL0, CARRY | 2 | IF,
                d.va(STACK) + 2048 + 11, MonitorAbi.GUEST_SS);
        assertThat(vcpu.eventsMasked()).isTrue();
    }

    @Test
    void aHandlerBeginsWithoutTheFlagsThatWouldDisturbIt() {
        cpu.rflags(CARRY | TF_NT_RF_AC | DF | 0x3000);

        assertThat(bounce.trap(GP, true, 0)).isTrue();

        assertThat(cpu.rflags() & (TF_NT_RF_AC | 0x3000)).isZero();
        assertThat(cpu.rflags() & DF).as("a trap keeps the direction").isEqualTo(DF);
        assertThat(cpu.rflags() & IF).as("really on; the mask is the guest's").isEqualTo(IF);
        assertThat(word(STACK, 2048 - 3 * 8)).as("what was, but IOPL").isEqualTo(CARRY | 2 | TF_NT_RF_AC | DF | IF);
    }

    // ---- from the user

    @Test
    void aTrapOfTheUserGoesToTheKernelsStackRootAndGs() {
        userMode();

        assertThat(bounce.trap(GP, true, 0x1a)).isTrue();

        assertFrame(KERNEL_STACK, 4080 - 8 * 8, RCX, R11, 0x1a, USER_RIP, 0x33, CARRY | 2 | IF,
                d.va(STACK) + 2048 + 11, 0x2b);
        assertThat(KvmSregs.cr3(cpu.run().sregs())).isEqualTo(vcpu.window().kernelCr3());
        assertThat(cpu.gsBase()).isEqualTo(0xaaaa_0000L);
        assertThat(vcpu.window().userGs()).isEqualTo(0xbbbb_0000L);
        assertThat(cpu.cs()).isEqualTo(MonitorAbi.GUEST_CS);
        assertThat(cpu.ss()).isEqualTo(MonitorAbi.GUEST_SS);
    }

    @Test
    void aSystemCallClearsTheDirectionToo() {
        userMode();
        cpu.rflags(CARRY | DF);

        assertThat(bounce.systemCall(HANDLER, true)).isTrue();

        assertFrame(KERNEL_STACK, 4080 - 7 * 8, RCX, R11, USER_RIP, 0x33, CARRY | 2 | DF | IF,
                d.va(STACK) + 2048 + 11, 0x2b);
        assertThat(cpu.rflags() & DF).isZero();
        assertThat(vcpu.eventsMasked()).isTrue();
    }

    // ---- what cannot be delivered

    @Test
    void aTrapWithoutAHandlerIsNotDelivered() {
        assertThat(bounce.trap(6, false, 0)).isFalse();

        assertThat(cpu.rip()).isEqualTo(RIP);
        assertThat(word(STACK, 2048 - 8)).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 8, 0x0000_8000_0000_1000L, 0xffff_8080_0000_4000L, TestDomain.BASE_VA + 0x4000, -8})
    void withoutAUsableStackNothingIsChanged(long rsp) {
        cpu.rsp(rsp);

        assertThat(bounce.trap(BREAKPOINT, false, 0)).isFalse();

        assertThat(cpu.rip()).isEqualTo(RIP);
        assertThat(cpu.rsp()).isEqualTo(rsp);
        assertThat(cpu.rflags()).isEqualTo(CARRY | 2 | IF);
        assertThat(vcpu.eventsMasked()).isFalse();
    }

    @Test
    void aUsersTrapWithoutAKernelStackLeavesItTheUser() {
        userMode();
        vcpu.kernelSp(0);

        assertThat(bounce.trap(GP, true, 0)).isFalse();

        assertThat(cpu.inKernel()).isFalse();
        assertThat(cpu.rip()).isEqualTo(USER_RIP);
    }

    // ---- and back: the iret hypercall

    private void iret(long... words) {
        for (int i = 0; i < words.length; i++) {
            d.memory.writeWord(d.ma(STACK) + i * 8L, words[i]);
        }
        vcpuCallsFrom(d.va(STACK));
        new IretHypercall(vcpu, cpu, bounce).perform();
    }

    /// The stub leaves the stack pointer in the mailbox.
    private void vcpuCallsFrom(long rsp) {
        long mailbox = d.kernelView().ma(MonitorAbi.windowVa(0) + 0x3000);
        d.memory.writeWord(mailbox + 7 * 8, rsp);
        assertThat(vcpu.window().callerRsp()).isEqualTo(rsp);
    }

    @Test
    void iretLoadsTheUsersRegistersRootAndGs() {
        vcpu.maskEvents(true);
        vcpu.window().userGs(0xbbbb_0000L);

        iret(1, 2, 3, 0, USER_RIP, 0x33, CARRY | IF | 0x3000, 0x7fff_0000L, 0x2b);

        assertThat(cpu.get(GuestRegisters.RAX)).isEqualTo(1);
        assertThat(cpu.get(11)).isEqualTo(2);
        assertThat(cpu.get(GuestRegisters.RCX)).isEqualTo(3);
        assertThat(cpu.rip()).isEqualTo(USER_RIP);
        assertThat(cpu.rsp()).isEqualTo(0x7fff_0000L);
        assertThat(cpu.rflags()).as("no I/O privilege").isEqualTo(CARRY | 2 | IF);
        assertThat(vcpu.eventsMasked()).isFalse();
        assertThat(cpu.inKernel()).isFalse();
        assertThat(cpu.gsBase()).isEqualTo(0xbbbb_0000L);
    }

    @Test
    void iretToTheKernelStaysThereWithTheMaskThatItsFlagsSay() {
        iret(1, 2, 3, 0, RIP, MonitorAbi.GUEST_CS_RPL0, CARRY, d.va(STACK), MonitorAbi.GUEST_SS);

        assertThat(cpu.inKernel()).isTrue();
        assertThat(vcpu.eventsMasked()).isTrue();
        assertThat(cpu.rflags() & IF).isEqualTo(IF);
    }

    @Test
    void whatCannotBeEnteredIsTheFailsafeCallbacksWithItsSelectors() {
        vcpu.traps().setCallback(XenCallback.CALLBACKTYPE_FAILSAFE, HANDLER + 7, true);
        cpu.selectorsAreTold();
        KvmSegment.selector(cpu.run().sregs(), KvmSregs.ES, 0x2b);

        iret(1, 2, 3, 0, USER_RIP, 0x13, CARRY | IF, 0x7fff_0000L, 0x2b);

        assertFrame(KERNEL_STACK, 4080 - 11 * 8, 3, 2, 0, 0x2b, 0, 0, USER_RIP, 0x13, CARRY | 2 | IF, 0x7fff_0000L, 0x2b);
        assertThat(cpu.rip()).isEqualTo(HANDLER + 7);
        assertThat(vcpu.eventsMasked()).isTrue();
    }

    @Test
    void whereSelectorsAreNotKnownItIsAProtectionFault() {
        vcpu.traps().setCallback(XenCallback.CALLBACKTYPE_FAILSAFE, HANDLER + 7, true);

        iret(1, 2, 3, 0, USER_RIP, 0x13, CARRY | IF, 0x7fff_0000L, 0x2b);

        assertThat(cpu.rip()).isEqualTo(HANDLER);
        assertThat(word(KERNEL_STACK, 4080 - 6 * 8)).as("error code").isEqualTo(0x10);
    }

    @Test
    void aUserIn32BitCodeHasItsSegments() {
        iret(1, 2, 3, 0, USER_RIP, 0x23, CARRY | IF, 0x7fff_0000L, 0x2b);

        assertThat(cpu.in64BitCode()).isFalse();
        assertThat(cpu.ss()).isEqualTo(0x2b);
        assertThat(cpu.selector(KvmSregs.DS)).isEqualTo(0x2b);
        assertThat(cpu.selector(KvmSregs.ES)).isEqualTo(0x2b);
    }

    @Test
    void anIretEndsTheHandlerOfAnNmiAndMaySetTheIoPrivilegeLevel() {
        d.domain.assists().set(XenVmAssist.VMASST_TYPE_ARCHITECTURAL_IOPL, true);
        vcpu.nmi().raise();
        vcpu.nmi().take(true);
        vcpu.nmi().raise();

        iret(1, 2, 3, 0, RIP, MonitorAbi.GUEST_CS_RPL0, CARRY | IF | 0x2000, d.va(STACK), MonitorAbi.GUEST_SS);

        assertThat(vcpu.nmi().isDue()).isTrue();
        assertThat(vcpu.iopl()).isEqualTo(2);
        assertThat(cpu.rflags() & 0x3000).as("not the processor's").isZero();
        assertThat(bounce.trap(GP, true, 0)).isTrue();
        assertThat(word(STACK, (int) (cpu.rsp() - d.va(STACK)) + 5 * 8)).isEqualTo(CARRY | 2 | IF | 0x2000);
    }

    @Test
    void iretToAUserWithoutPageTablesOrFromABadStackEndsTheDomain() {
        assertThat(d.domain.roots().loadUser(vcpu, 0)).isZero();
        iret(1, 2, 3, 0, USER_RIP, 0x33, IF, 0x7fff_0000L, 0x2b);
        assertThat(d.domain.end()).isNotNull();

        assertThat(cpu.inKernel()).isTrue();
    }
}
