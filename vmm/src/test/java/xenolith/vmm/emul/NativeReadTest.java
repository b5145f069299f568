package xenolith.vmm.emul;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import xenolith.vmm.emul.NativeRuns.Run;

/// Emulated reads against the processor: each instruction is run natively and emulated on the same registers, flags and
/// memory.
class NativeReadTest {
    private static final int RUNS = 40;

    @Test
    void emulatedReadsDoWhatTheProcessorDoes() {
        NativeRuns.assumePossible();
        List<String> lines = lines();
        List<Run> runs = runs(lines);
        List<byte[]> codes = Assembler.assemble(lines);
        List<long[]> answers = NativeRuns.answers(lines, runs);
        for (int i = 0; i < runs.size(); i++) {
            Run run = runs.get(i);
            String line = lines.get(run.line());
            long[] expected = answers.get(i);
            expected[3] &= definedFlags(line);
            assertThat(emulate(codes.get(run.line()), run.values(), definedFlags(line))).as("%s, run %d", line, i)
                    .isEqualTo(expected);
        }
    }

    private static List<String> lines() {
        List<String> lines = new ArrayList<>();
        String[][] registers = {{"b", "%dl", "%ah", "$-3"}, {"w", "%dx", "%cx", "$0x7fff"}, {"l", "%edx", "%eax",
            "$0x12345678"}, {"q", "%rdx", "%rcx", "$-0x12345678"}};
        for (String[] r : registers) {
            for (String name : List.of("add", "or", "adc", "sbb", "and", "sub", "xor", "mov", "cmp")) {
                lines.add(name + r[0] + " (%rdi)," + r[1]);
                lines.add(name + r[0] + " (%rdi)," + r[2]);
            }
            for (String name : List.of("cmp", "test")) {
                for (int i = 1; i < r.length; i++) {
                    lines.add(name + r[0] + " " + r[i] + ",(%rdi)");
                }
            }
        }
        for (String condition : List.of("o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le",
                "g")) {
            lines.add("cmov" + condition + " (%rdi),%rdx");
            lines.add("cmov" + condition + " (%rdi),%ecx");
            lines.add("cmov" + condition + " (%rdi),%dx");
        }
        lines.addAll(List.of("movzbl (%rdi),%edx", "movzbw 3(%rdi),%dx", "movzwq 2(%rdi),%rdx", "movsbq (%rdi),%rdx",
                "movswl (%rdi),%ecx", "movslq 4(%rdi),%rcx", "cmpq $-1,(%rdi)", "cmpl $3,4(%rdi)", "cmpw $5,(%rdi)"));
        return lines;
    }

    /// Equal operands come up too.
    private static List<Run> runs(List<String> lines) {
        Random random = new Random(5);
        List<Run> runs = new ArrayList<>();
        for (int line = 0; line < lines.size(); line++) {
            for (int i = 0; i < RUNS; i++) {
                long word = NativeRuns.interesting(random);
                long rdx = random.nextInt(3) == 0 ? word : NativeRuns.interesting(random);
                long flags = 0x202 | random.nextLong() & (Rflags.ARITHMETIC | Rflags.DF);
                runs.add(new Run(line, new long[] {NativeRuns.interesting(random), NativeRuns.interesting(random), rdx,
                    flags, 0, word}));
            }
        }
        return runs;
    }

    private static long[] emulate(byte[] code, long[] values, long definedFlags) {
        PlainRegisters regs = PlainRegisters.at(0).with(GuestRegisters.RAX, values[0])
                .with(GuestRegisters.RCX, values[1]).with(GuestRegisters.RDX, values[2])
                .with(GuestRegisters.RDI, 0);
        regs.rflags(values[3]);
        Instruction in = new Instruction();
        assertThat(new Decoder().decode(code, code.length, in)).isEqualTo(code.length);
        assertThat(MemoryRead.isLoad(in)).isTrue();
        int shift = 8 * (int) EffectiveAddress.of(in, regs, new FakeState());
        MemoryRead.complete(in, regs, values[5] >>> shift);
        assertThat(regs.rip()).isEqualTo(code.length);
        return new long[] {regs.get(GuestRegisters.RAX), regs.get(GuestRegisters.RCX), regs.get(GuestRegisters.RDX),
            regs.rflags() & definedFlags, regs.get(GuestRegisters.RDI), values[5]};
    }

    private static long definedFlags(String line) {
        boolean logic = line.startsWith("and") || line.startsWith("or") || line.startsWith("xor")
                || line.startsWith("test");
        return (Rflags.ARITHMETIC | Rflags.DF) & ~(logic ? Rflags.AF : 0);
    }
}
