package xenolith.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.posix.NativeCode;

/// The ioctls of a vCPU, and what a guest of a few instructions makes of them.
@Timeout(30)
class KvmVcpuTest {
    private static final int MSR_LSTAR = 0xc000_0082;
    private static final int NO_MSR = 0x1234_5678;
    private static final int LEAF = 0x8000_0002;
    private static final int ANSWER = 0x1122_3344;

    @Test
    void aGuestInRingZeroHaltsWithTheRegistersItSet() {
        try (Guest guest = new Guest(0, Code.of(Code.eax(42), Code.HLT))) {
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_HLT);
            MemorySegment regs = guest.regs();
            assertThat(KvmRegs.rax(regs)).isEqualTo(42);
            assertThat(KvmRegs.rip(regs)).isEqualTo(Guest.CODE + 6);
        }
    }

    @Test
    void aWriteOutsideEverySlotExitsWithItsAddressLengthAndData() {
        try (Guest guest = new Guest(3, Code.of(Code.eax(0x12345678), Code.RING, Code.SPIN))) {
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
            KvmRun page = guest.vcpu.page();
            assertThat(page.mmioPhysAddr()).isEqualTo(Guest.DOORBELL);
            assertThat(page.mmioLen()).isEqualTo(4);
            assertThat(page.mmioIsWrite()).isTrue();
            assertThat((int) page.mmioData()).isEqualTo(0x12345678);
        }
    }

    @Test
    void aReadOutsideEverySlotTakesTheAnswerOfThePage() {
        try (Guest guest = new Guest(3, Code.of(Code.ASK, Code.RING, Code.SPIN))) {
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
            assertThat(guest.vcpu.page().mmioIsWrite()).isFalse();
            guest.vcpu.page().mmioData(0xcafe);
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
            assertThat((int) guest.vcpu.page().mmioData()).isEqualTo(0xcafe);
        }
    }

    @Test
    void immediateExitEndsTheRunBeforeTheFirstInstruction() {
        try (Guest guest = new Guest(3, Code.of(Code.eax(1), Code.RING, Code.SPIN))) {
            guest.vcpu.page().immediateExit(true);
            assertThat(guest.vcpu.run()).isEqualTo(Errno.EINTR);
            assertThat(KvmRegs.rip(guest.regs())).isEqualTo(Guest.CODE);
            guest.vcpu.page().immediateExit(false);
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
        }
    }

    @Test
    void sregsComeBackAsTheyWereSet() {
        try (Guest guest = new Guest(3, Code.SPIN)) {
            MemorySegment sregs = guest.sregs();
            KvmSregs.fsBase(sregs, 0x1111_2222_3333L);
            KvmSregs.gdtBase(sregs, 0x8000);
            KvmSregs.gdtLimit(sregs, 0xffff);
            guest.vcpu.setSregs(sregs);
            MemorySegment read = guest.sregs();
            assertThat(KvmSregs.fsBase(read)).isEqualTo(0x1111_2222_3333L);
            assertThat(KvmSregs.gdtBase(read)).isEqualTo(0x8000);
            assertThat(KvmSregs.gdtLimit(read)).isEqualTo(0xffff);
            assertThat(KvmSregs.csSelector(read)).isEqualTo(0x33);
            assertThat(KvmSregs.ssDpl(read)).isEqualTo(3);
            assertThat(KvmSegment.l(read, KvmSregs.CS)).isEqualTo(1);
        }
    }

    @Test
    void aModelSpecificRegisterKeepsItsValueAndAnUnknownOneIsRefusedByNumber() {
        try (Guest guest = new Guest(3, Code.SPIN)) {
            guest.vcpu.setMsr(MSR_LSTAR, 0x7fff_0000_1000L);
            assertThat(guest.vcpu.getMsr(MSR_LSTAR)).isEqualTo(0x7fff_0000_1000L);
            assertThatThrownBy(() -> guest.vcpu.getMsr(NO_MSR)).isInstanceOf(HostException.class)
                    .hasMessage("KVM_GET_MSRS(0x12345678): EINVAL (Invalid argument)");
        }
    }

    /// What leaf [#LEAF] gives in a guest whose table says [#ANSWER] there.
    private static int cpuidInRing(int cpl) {
        try (Guest guest = new Guest(cpl, Code.of(Code.eax(LEAF), Code.CPUID, Code.RING, Code.SPIN))) {
            CpuidTable table = guest.kvm.supportedCpuid();
            table.answer(table.find(LEAF, 0), ANSWER, 1, 2, 3);
            guest.vcpu.setCpuid(table);
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
            return (int) guest.vcpu.page().mmioData();
        }
    }

    @Test
    void cpuidInRingZeroAnswersFromTheTable() {
        assertThat(cpuidInRing(0)).isEqualTo(ANSWER);
    }

    /// A software KVM on a CPU without CPUID faulting cannot intercept the instruction in ring 3.
    @Test
    void cpuidInRingThreeAnswersFromTheTableOrAsTheHostItself() {
        int[] host = new int[4];
        NativeCode.cpuid(LEAF, 0, host);
        assertThat(cpuidInRing(3)).isIn(ANSWER, host[0]);
    }

    @Test
    void xcr0HoldsWhatCpuidOffers() {
        try (Guest guest = new Guest(3, Code.SPIN)) {
            int[] xsave = new int[4];
            NativeCode.cpuid(0xd, 0, xsave);
            assumeTrue((xsave[0] & 7) == 7, "the host CPU has no AVX state");
            CpuidTable table = guest.kvm.supportedCpuid();
            int features = table.find(1, 0);
            int xsaveBit = 1 << 26;
            table.answer(features, table.eax(features), table.ebx(features), table.ecx(features) | xsaveBit,
                    table.edx(features));
            int sizes = table.find(0xd, 0);
            if (sizes == CpuidTable.NONE) {
                sizes = table.add(0xd, 0, CpuidTable.KVM_CPUID_FLAG_SIGNIFCANT_INDEX, 0, 0, 0, 0);
            }
            table.answer(sizes, 7, 0x340, 0x340, 0);
            guest.vcpu.setCpuid(table);
            guest.vcpu.setXcr0(7);
            assertThat(guest.vcpu.getXcr0()).isEqualTo(7);
            guest.vcpu.setXcr0(3);
            assertThat(guest.vcpu.getXcr0()).isEqualTo(3);
        }
    }

    @Test
    void aQueuedExceptionIsSeenAndCanBeTakenBack() {
        try (Guest guest = new Guest(3, Code.SPIN); Arena arena = Arena.ofConfined()) {
            assertThat(guest.vcpu.exceptionQueued()).isFalse();
            MemorySegment events = arena.allocate(KvmVcpuEvents.LAYOUT);
            guest.vcpu.getEvents(events);
            KvmVcpuEvents.flags(events, 0);
            events.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
            events.set(ValueLayout.JAVA_BYTE, 1, (byte) 6);
            guest.vcpu.setEvents(events);
            assertThat(guest.vcpu.exceptionQueued()).isTrue();
            guest.vcpu.getEvents(events);
            assertThat(KvmVcpuEvents.exceptionNr(events)).isEqualTo(6);
            KvmVcpuEvents.clearException(events);
            KvmVcpuEvents.flags(events, 0);
            guest.vcpu.setEvents(events);
            assertThat(guest.vcpu.exceptionQueued()).isFalse();
        }
    }

    @Test
    void debugRegistersAndTheFpuKeepTheirState() {
        try (Guest guest = new Guest(3, Code.SPIN); Arena arena = Arena.ofConfined()) {
            MemorySegment debugregs = arena.allocate(KvmDebug.DEBUGREGS);
            guest.vcpu.getDebugregs(debugregs);
            debugregs.set(ValueLayout.JAVA_LONG, 0, 0x5000);
            guest.vcpu.setDebugregs(debugregs);
            debugregs.fill((byte) 0);
            guest.vcpu.getDebugregs(debugregs);
            assertThat(debugregs.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(0x5000);

            long fcw = KvmFpu.LAYOUT.byteOffset(PathElement.groupElement("fcw"));
            MemorySegment fpu = arena.allocate(KvmFpu.LAYOUT);
            guest.vcpu.getFpu(fpu);
            fpu.set(ValueLayout.JAVA_SHORT, fcw, (short) 0x27f);
            guest.vcpu.setFpu(fpu);
            fpu.fill((byte) 0);
            guest.vcpu.getFpu(fpu);
            assertThat(fpu.get(ValueLayout.JAVA_SHORT, fcw)).isEqualTo((short) 0x27f);
        }
    }

    @Test
    void translateFollowsTheGuestsPageTables() {
        try (Guest guest = new Guest(3, Code.SPIN)) {
            assertThat(guest.vcpu.translate(Guest.CODE + 5)).isEqualTo(Guest.CODE + 5);
            assertThat(guest.vcpu.translate(1L << 40)).isEqualTo(-1);
        }
    }

    @Test
    void theTimeStampCounterHasAFrequency() {
        try (Guest guest = new Guest(3, Code.SPIN)) {
            assertThat(guest.vcpu.tscKhz()).isBetween(100_000L, 10_000_000L);
        }
    }

    @Test
    void aRegisterStructOnTheHeapOrTooShortIsOurMistake() {
        try (Guest guest = new Guest(3, Code.SPIN); Arena arena = Arena.ofConfined()) {
            MemorySegment heap = MemorySegment.ofArray(new long[18]);
            MemorySegment tooShort = arena.allocate(KvmRegs.SIZEOF - 8, 8);
            assertThatThrownBy(() -> guest.vcpu.getRegs(heap)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> guest.vcpu.getRegs(tooShort)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }
}
