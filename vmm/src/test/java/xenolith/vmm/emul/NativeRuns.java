package xenolith.vmm.emul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Runs instructions on the processor itself, to compare emulation with.
///
/// Registers in a run: RDI points at the word, RAX is the accumulator, RCX and RDX are sources.
final class NativeRuns {
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

    private NativeRuns() {}

    /// One run of instruction number `line`: RAX, RCX, RDX, RFLAGS, what RDI moved by, and the word.
    record Run(int line, long[] values) {}

    static void assumePossible() {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "the processor is not x86-64");
        Assembler.assumeTools("gcc");
    }

    /// The six values of each run after the instruction.
    static List<long[]> answers(List<String> lines, List<Run> runs) {
        List<long[]> answers = new ArrayList<>();
        for (String line : natively(lines, runs).split("\n")) {
            String[] words = line.split(" ");
            long[] values = new long[words.length];
            for (int i = 0; i < words.length; i++) {
                values[i] = Long.parseUnsignedLong(words[i], 16);
            }
            answers.add(values);
        }
        assertThat(answers).hasSameSizeAs(runs);
        return answers;
    }

    /// A value that sets each flag now and then.
    static long interesting(Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> random.nextInt(4) - 2;
            case 1 -> Long.MIN_VALUE >> random.nextInt(64);
            case 2 -> 0x7f7f_7f7f_7f7f_7f7fL;
            case 3 -> 0x8080_8080_8080_8080L;
            default -> random.nextLong();
        };
    }

    private static String natively(List<String> lines, List<Run> runs) {
        StringBuilder assembly = new StringBuilder(TRAMPOLINE);
        StringBuilder table = new StringBuilder(".data\n.globl functions\nfunctions:\n");
        for (int i = 0; i < lines.size(); i++) {
            assembly.append("f").append(i).append(": ").append(lines.get(i)).append("; ret\n");
            table.append(".quad f").append(i).append('\n');
        }
        StringBuilder input = new StringBuilder();
        for (Run run : runs) {
            long[] v = run.values();
            input.append("%d %x %x %x %x %x%n".formatted(run.line(), v[0], v[1], v[2], v[3], v[5]));
        }
        return Assembler.inDirectory(directory -> {
            Files.writeString(directory.resolve("functions.s"), assembly.append(table));
            Files.writeString(directory.resolve("main.c"), MAIN);
            Files.writeString(directory.resolve("input"), input);
            Assembler.run(directory, "gcc", "-no-pie", "-o", "native", "main.c", "functions.s");
            return Assembler.run(directory, "sh", "-c", "./native < input");
        });
    }
}
