package xenolith.vmm.emul;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import xenolith.vmm.emul.NativeRuns.Run;

/// Emulated stores against the processor: each instruction is run natively and emulated on the same registers, flags and
/// memory.
class NativeStoreTest {
    private static final long UNDEFINED_AFTER_LOGIC = Rflags.AF;
    private static final long UNDEFINED_AFTER_BITS = Rflags.OF | Rflags.SF | Rflags.AF | Rflags.PF;
    private static final int RUNS = 40;

    @Test
    void emulatedStoresDoWhatTheProcessorDoes() {
        NativeRuns.assumePossible();
        List<String> lines = lines();
        List<Run> runs = runs(lines);
        List<byte[]> codes = Assembler.assemble(lines);
        List<long[]> answers = NativeRuns.answers(lines, runs);
        for (int i = 0; i < runs.size(); i++) {
            Run run = runs.get(i);
            long[] expected = answers.get(i);
            String line = lines.get(run.line());
            expected[3] &= definedFlags(line);
            long[] actual = emulate(codes.get(run.line()), run.values(), definedFlags(line));
            assertThat(actual).as("%s, run %d", line, i).isEqualTo(expected);
        }
    }

    private static List<String> lines() {
        List<String> lines = new ArrayList<>();
        String[][] sources = {{"b", "%dl", "%ah", "$-3"}, {"w", "%dx", "$0x7fff"}, {"l", "%edx", "$0x12345678"},
            {"q", "%rdx", "$-0x12345678"}};
        for (String name : List.of("add", "or", "adc", "sbb", "and", "sub", "xor", "mov")) {
            for (String[] source : sources) {
                for (int i = 1; i < source.length; i++) {
                    lines.add(name + source[0] + " " + source[i] + ",(%rdi)");
                }
            }
            lines.add(name + "b $0x7f,5(%rdi)");
        }
        for (String name : List.of("xchg", "xadd", "cmpxchg")) {
            lines.addAll(List.of(name + " %dl,1(%rdi)", name + " %ch,7(%rdi)", name + " %dx,2(%rdi)",
                    name + " %edx,4(%rdi)", name + " %rdx,(%rdi)"));
        }
        for (String name : List.of("bts", "btr", "btc")) {
            lines.addAll(List.of(name + "w $37,(%rdi)", name + "l $31,4(%rdi)", name + "q $63,(%rdi)",
                    name + " %rcx,(%rdi)", name + " %ecx,(%rdi)", name + " %cx,2(%rdi)"));
        }
        lines.addAll(List.of("movnti %rdx,(%rdi)", "movnti %edx,4(%rdi)", "stosb", "stosw", "stosl", "stosq"));
        return lines;
    }

    /// Values that set each flag now and then, with equal ones for `cmpxchg` and small ones for bit offsets.
    private static List<Run> runs(List<String> lines) {
        Random random = new Random(3);
        List<Run> runs = new ArrayList<>();
        for (int line = 0; line < lines.size(); line++) {
            boolean bits = lines.get(line).startsWith("bt");
            for (int i = 0; i < RUNS; i++) {
                long word = NativeRuns.interesting(random);
                long accumulator = random.nextInt(3) == 0 ? word : NativeRuns.interesting(random);
                long count = bits ? random.nextInt(16) : NativeRuns.interesting(random);
                long flags = 0x202 | random.nextLong() & (Rflags.ARITHMETIC | Rflags.DF);
                runs.add(new Run(line, new long[] {accumulator, count, NativeRuns.interesting(random), flags, 0, word}));
            }
        }
        return runs;
    }

    private static long[] emulate(byte[] code, long[] values, long definedFlags) {
        long address = 0x1000;
        PlainRegisters regs = PlainRegisters.at(0).with(GuestRegisters.RAX, values[0])
                .with(GuestRegisters.RCX, values[1]).with(GuestRegisters.RDX, values[2])
                .with(GuestRegisters.RDI, address);
        regs.rflags(values[3]);
        Instruction in = new Instruction();
        assertThat(new Decoder().decode(code, code.length, in)).isEqualTo(code.length);
        FakeState bases = new FakeState();
        int offset = PageTableWrite.admit(in, regs, bases, EffectiveAddress.ofStore(in, regs, bases));
        long word = PageTableWrite.newWord(in, regs, values[5], offset);
        PageTableWrite.complete(in, regs, values[5], offset);
        assertThat(regs.rip()).isEqualTo(code.length);
        return new long[] {regs.get(GuestRegisters.RAX), regs.get(GuestRegisters.RCX), regs.get(GuestRegisters.RDX),
            regs.rflags() & definedFlags, regs.get(GuestRegisters.RDI) - address, word};
    }

    private static long definedFlags(String line) {
        long undefined = switch (line.substring(0, 2)) {
            case "bt" -> UNDEFINED_AFTER_BITS;
            case "an", "or", "xo" -> UNDEFINED_AFTER_LOGIC;
            default -> 0;
        };
        return (Rflags.ARITHMETIC | Rflags.DF) & ~undefined;
    }
}
