package xenolith.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Registers through the shared page (KVM_CAP_SYNC_REGS).
@Timeout(30)
class SyncRegsTest {
    private static final long REGS_AND_SREGS = KvmRun.KVM_SYNC_X86_REGS | KvmRun.KVM_SYNC_X86_SREGS;

    private static Guest guest(int[]... code) {
        Guest guest = new Guest(3, Code.of(code));
        long sets = guest.kvm.checkExtension(KvmCap.KVM_CAP_SYNC_REGS);
        if ((sets & REGS_AND_SREGS) != REGS_AND_SREGS) {
            guest.close();
            assumeTrue(false, "KVM does not synchronise registers");
        }
        guest.vcpu.page().validRegs(REGS_AND_SREGS);
        return guest;
    }

    @Test
    void anExitLeavesTheRegistersInThePage() {
        try (Guest guest = guest(Code.eax(7), Code.RING, Code.SPIN)) {
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
            KvmRun page = guest.vcpu.page();
            assertThat(KvmRegs.rax(page.regs())).isEqualTo(7);
            assertThat(page.regs().mismatch(guest.regs())).isEqualTo(-1);
            assertThat(page.sregs().mismatch(guest.sregs())).isEqualTo(-1);
            assertThat(KvmSregs.ssDpl(page.sregs())).isEqualTo(3);
        }
    }

    @Test
    void dirtyRegistersSendTheGuestElsewhere() {
        try (Guest guest = guest(Code.eax(7), Code.RING, Code.SPIN)) {
            long elsewhere = Guest.CODE + 0x100;
            guest.load(elsewhere, Code.of(Code.RING, Code.SPIN));
            guest.run();
            KvmRun page = guest.vcpu.page();
            KvmRegs.rip(page.regs(), elsewhere);
            KvmRegs.set(page.regs(), 0, 99);
            KvmSregs.gsBase(page.sregs(), 0x77_0000);
            page.dirtyRegs(REGS_AND_SREGS);
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
            assertThat((int) page.mmioData()).isEqualTo(99);
            assertThat(KvmRegs.rip(page.regs())).isBetween(elsewhere, elsewhere + 2);
            assertThat(KvmSregs.gsBase(page.sregs())).isEqualTo(0x77_0000);
            assertThat(page.dirtyRegs()).isZero();
        }
    }

    @Test
    void cleanRegistersLeaveTheVcpuAlone() {
        try (Guest guest = guest(Code.eax(7), Code.RING, Code.eax(8), Code.RING, Code.SPIN)) {
            guest.run();
            KvmRegs.rip(guest.vcpu.page().regs(), 0);
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
            assertThat((int) guest.vcpu.page().mmioData()).isEqualTo(8);
        }
    }
}
