package xenolith.kvm;

import java.util.Arrays;
import java.util.stream.IntStream;

/// Guest code by the instruction, for [Guest].
final class Code {
    static final int[] SPIN = {0xeb, 0xfe};
    static final int[] HLT = {0xf4};
    /// `mov %eax,(%rdi)`: four bytes to the doorbell.
    static final int[] RING = {0x89, 0x07};
    /// `mov (%rdi),%eax`: a question at the doorbell.
    static final int[] ASK = {0x8b, 0x07};
    /// `mov %rax,(%rsi)`.
    static final int[] STORE = {0x48, 0x89, 0x06};
    /// `xor %ecx,%ecx; cpuid`.
    static final int[] CPUID = {0x31, 0xc9, 0x0f, 0xa2};

    private Code() {
    }

    /// `mov $value,%eax`.
    static int[] eax(int value) {
        return new int[] {0xb8, value & 0xff, value >> 8 & 0xff, value >> 16 & 0xff, value >> 24 & 0xff};
    }

    static int[] of(int[]... instructions) {
        return Arrays.stream(instructions).flatMapToInt(IntStream::of).toArray();
    }
}
