package xenolith.vmm.emul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Emulated stores against the processor: each instruction is run natively and emulated on the same registers, flags and
/// memory.
///
/// Registers in a run: RDI points at the word, RAX is the accumulator, RCX and RDX are sources.
class NativeStoreTest {
    private static final long UNDEFINED_AFTER_LOGIC = Rflags.AF;
    private static final long UNDEFINED_AFTER_BITS = Rflags.OF | Rflags.SF | Rflags.AF | Rflags.PF;
    private static final int RUNS = 40;

    /// Calls the function at RSI with the registers of the six words at RDI, and stores them back.
    private static final String TRAMPOLINE = """
            .text
            .globl run
            run:
                push %rbx
                push %rbp
                mov %rdi, %rbx
                mov %rsi, %r11
                mov 0(%rbx), %rax
                mov 8(%rbx), %rcx
                mov 16(%rbx), %rdx
                lea 40(%rbx), %rdi
                push 24(%rbx)
                popfq
                call *%r11
                pushfq
                pop 24(%rbx)
                cld
                mov %rax, 0(%rbx)
                mov %rcx, 8(%rbx)
                mov %rdx, 16(%rbx)
                sub %rbx, %rdi
                sub $40, %rdi
                mov %rdi, 32(%rbx)
                pop %rbp
                pop %rbx
                ret
            .section .note.GNU-stack,"",@progbits
            .text
            """;

    private static final String MAIN = """
            #include <stdio.h>
            extern void run(long *registers, void (*function)(void));
            extern void (*functions[])(void);
            static long padded[16];
            int main(void) {
                int function;
                long *r = padded + 4;
                while (scanf("%d %lx %lx %lx %lx %lx", &function, r, r + 1, r + 2, r + 3, r + 5) == 6) {
                    run(r, functions[function]);
                    printf("%lx %lx %lx %lx %lx %lx\\n", r[0], r[1], r[2], r[3], r[4], r[5]);
                }
                return 0;
            }
            """;

    /// RAX, RCX, RDX, RFLAGS, what RDI moved by, and the word.
    private record Run(int line, long[] values) {}

    @Test
    void emulatedStoresDoWhatTheProcessorDoes() {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "the processor is not x86-64");
        Assembler.assumeTools("gcc");
        List<String> lines = lines();
        List<Run> runs = runs(lines);
        List<byte[]> codes = Assembler.assemble(lines);
        String[] answers = runNatively(lines, runs).split("\n");
        assertThat(answers).hasSameSizeAs(runs);
        for (int i = 0; i < answers.length; i++) {
            Run run = runs.get(i);
            String[] words = answers[i].split(" ");
            long[] expected = new long[6];
            for (int k = 0; k < 6; k++) {
                expected[k] = Long.parseUnsignedLong(words[k], 16);
            }
            String line = lines.get(run.line);
            expected[3] &= definedFlags(line);
            long[] actual = emulate(codes.get(run.line), run.values, definedFlags(line));
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
                long word = interesting(random);
                long accumulator = random.nextInt(3) == 0 ? word : interesting(random);
                long count = bits ? random.nextInt(16) : interesting(random);
                long flags = 0x202 | random.nextLong() & (Rflags.ARITHMETIC | Rflags.DF);
                runs.add(new Run(line, new long[] {accumulator, count, interesting(random), flags, 0, word}));
            }
        }
        return runs;
    }

    private static long interesting(Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> random.nextInt(4) - 2;
            case 1 -> Long.MIN_VALUE >> random.nextInt(64);
            case 2 -> 0x7f7f_7f7f_7f7f_7f7fL;
            case 3 -> 0x8080_8080_8080_8080L;
            default -> random.nextLong();
        };
    }

    private static String runNatively(List<String> lines, List<Run> runs) {
        StringBuilder assembly = new StringBuilder(TRAMPOLINE);
        StringBuilder table = new StringBuilder(".data\n.globl functions\nfunctions:\n");
        for (int i = 0; i < lines.size(); i++) {
            assembly.append("f").append(i).append(": ").append(lines.get(i)).append("; ret\n");
            table.append(".quad f").append(i).append('\n');
        }
        StringBuilder input = new StringBuilder();
        for (Run run : runs) {
            long[] v = run.values;
            input.append("%d %x %x %x %x %x%n".formatted(run.line, v[0], v[1], v[2], v[3], v[5]));
        }
        return Assembler.inDirectory(directory -> {
            Files.writeString(directory.resolve("functions.s"), assembly.append(table));
            Files.writeString(directory.resolve("main.c"), MAIN);
            Files.writeString(directory.resolve("input"), input);
            Assembler.run(directory, "gcc", "-no-pie", "-o", "native", "main.c", "functions.s");
            return Assembler.run(directory, "sh", "-c", "./native < input");
        });
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
