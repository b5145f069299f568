package xenolith.vmm.emul;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

/// Laws that hold for any bytes at all.
class DecoderPropertyTest {
    private static final byte[] STARTS = {0x0f, (byte) 0x81, (byte) 0xc7, 0x48, 0x66, (byte) 0x89, (byte) 0xf0, 0x67};

    private final Decoder decoder = new Decoder();
    private final Instruction in = new Instruction();

    @Property(tries = 5000)
    void anyBytesGiveALengthOrARefusal(@ForAll @Size(min = 0, max = 20) byte[] code) {
        assertLawful(code);
    }

    @Property(tries = 5000)
    void bytesThatBeginLikeAnInstructionGiveALengthOrARefusal(@ForAll @Size(min = 1, max = 20) byte[] code) {
        code[0] = STARTS[code[0] & 7];
        assertLawful(code);
    }

    @Property(tries = 5000)
    void anInstructionCutShortIsTruncated(@ForAll @Size(min = 15, max = 15) byte[] code) {
        code[0] = STARTS[code[0] & 7];
        int length = decoder.decode(code, code.length, in);
        if (length > 0 && in.operation() != Operation.FORCED_CPUID) {
            for (int shorter = 0; shorter < length; shorter++) {
                assertThat(decoder.decode(code, shorter, in)).isEqualTo(Decoder.TRUNCATED);
            }
            assertThat(decoder.decode(code, length, in)).isEqualTo(length);
        }
    }

    /// Whatever was decoded may be asked to act: the bytes are the guest's.
    @Property(tries = 5000)
    void anyInstructionCanBeOffered(@ForAll @Size(min = 15, max = 15) byte[] code, @ForAll @Size(16) long[] registers,
            @ForAll long word) {
        code[0] = STARTS[code[0] & 7];
        decoder.decode(code, code.length, in);
        PlainRegisters regs = new PlainRegisters();
        System.arraycopy(registers, 0, regs.values, 0, 16);
        FakeState state = new FakeState();
        long address = EffectiveAddress.ofStore(in, regs, state);
        int offset = PageTableWrite.admit(in, regs, state, address);
        assertThat(offset).isBetween(PageTableWrite.OTHER_ADDRESS, 7);
        if (offset >= 0) {
            long outside = ~(Operands.mask(in.operandSize()) << 8 * offset);
            assertThat(PageTableWrite.newWord(in, regs, word, offset) & outside).isEqualTo(word & outside);
            PageTableWrite.complete(in, regs, word, offset);
        } else if (MemoryRead.isLoad(in)) {
            MemoryRead.complete(in, regs, word);
        } else {
            assertThat(new PrivilegedOps().execute(in, regs, state))
                    .isBetween(PrivilegedOps.EMULATED, PrivilegedOps.SOFTWARE_INTERRUPT);
        }
    }

    private void assertLawful(byte[] code) {
        int length = decoder.decode(code, code.length, in);
        assertThat(length).isBetween(Decoder.TOO_LONG, Math.min(Decoder.MAX_LENGTH, code.length));
        assertThat(length).isNotZero();
        if (length < 0) {
            assertThat(in.operation()).isEqualTo(Operation.NONE);
            assertThat(in.length()).isZero();
        } else {
            assertThat(in.length()).isEqualTo(length);
            assertThat(in.operation()).isBetween(Operation.ADD, Operation.COUNT - 1);
        }
    }
}
