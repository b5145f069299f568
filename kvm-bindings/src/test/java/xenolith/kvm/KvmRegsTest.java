package xenolith.kvm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;

/// Accessors against the order that the instruction set gives the registers.
class KvmRegsTest {
    private static final List<ToLongFunction<MemorySegment>> HARDWARE_ORDER = List.of(
            KvmRegs::rax, KvmRegs::rcx, KvmRegs::rdx, KvmRegs::rbx, KvmRegs::rsp, KvmRegs::rbp, KvmRegs::rsi,
            KvmRegs::rdi, KvmRegs::r8, KvmRegs::r9, KvmRegs::r10, KvmRegs::r11, KvmRegs::r12, KvmRegs::r13,
            KvmRegs::r14, KvmRegs::r15);

    @Test
    void aRegisterIsFoundByTheNumberThatInstructionsUse() {
        MemorySegment regs = MemorySegment.ofArray(new long[(int) (KvmRegs.SIZEOF / Long.BYTES)]);
        for (int number = 0; number < 16; number++) {
            KvmRegs.set(regs, number, 100 + number);
        }
        for (int number = 0; number < 16; number++) {
            assertThat(HARDWARE_ORDER.get(number).applyAsLong(regs)).as("register %d", number).isEqualTo(100 + number);
            assertThat(KvmRegs.get(regs, number)).isEqualTo(100 + number);
        }
        assertThat(KvmRegs.rip(regs)).isZero();
        assertThat(KvmRegs.rflags(regs)).isZero();
    }

    @Test
    void everySetterIsReadBackByItsGetterAlone() {
        MemorySegment sregs = MemorySegment.ofArray(new long[(int) (KvmSregs.SIZEOF / Long.BYTES)]);
        KvmSregs.code64(sregs, 0xe033, 3);
        KvmSregs.data(sregs, 0xe02b, 3);
        KvmSregs.idtBase(sregs, 0x1_0000_0000L);
        KvmSregs.idtLimit(sregs, 0xfff);
        KvmSregs.interruptBitmap(sregs, 3, 1L << 63);
        assertThat(KvmSregs.csSelector(sregs)).isEqualTo(0xe033);
        assertThat(KvmSregs.ssSelector(sregs)).isEqualTo(0xe02b);
        assertThat(KvmSregs.csDpl(sregs)).isEqualTo(3);
        assertThat(KvmSegment.limit(sregs, KvmSregs.CS)).isEqualTo(-1);
        assertThat(KvmSregs.idtBase(sregs)).isEqualTo(0x1_0000_0000L);
        assertThat(KvmSregs.idtLimit(sregs)).isEqualTo(0xfff);
        assertThat(KvmSregs.gdtBase(sregs)).isZero();
        assertThat(sregs.get(JAVA_LONG, KvmSregs.SIZEOF - Long.BYTES)).isEqualTo(Long.MIN_VALUE);
    }
}
