package xenolith.vmm.emul;

import java.util.Arrays;

/// A growing table of CPUID entries, seven ints each: function, index, flags, EAX, EBX, ECX, EDX.
final class CpuidEntries {
    private static final int WIDTH = 7;
    private static final int FUNCTION = 0;
    private static final int INDEX = 1;
    private static final int FLAGS = 2;
    private static final int FIRST_REGISTER = 3;

    private int[] words = new int[64 * WIDTH];
    private int count;

    /// A leaf that ignores ECX.
    void leaf(int function, int eax, int ebx, int ecx, int edx) {
        add(function, 0, 0, eax, ebx, ecx, edx);
    }

    /// A leaf that is chosen by ECX too.
    void subleaf(int function, int index, int eax, int ebx, int ecx, int edx) {
        add(function, index, CpuidPolicy.SIGNIFICANT_INDEX, eax, ebx, ecx, edx);
    }

    private void add(int function, int index, int flags, int eax, int ebx, int ecx, int edx) {
        int at = count * WIDTH;
        if (at == words.length) {
            words = Arrays.copyOf(words, 2 * at);
        }
        words[at + FUNCTION] = function;
        words[at + INDEX] = index;
        words[at + FLAGS] = flags;
        words[at + FIRST_REGISTER] = eax;
        words[at + FIRST_REGISTER + 1] = ebx;
        words[at + FIRST_REGISTER + 2] = ecx;
        words[at + FIRST_REGISTER + 3] = edx;
        count++;
    }

    int size() {
        return count;
    }

    int function(int entry) {
        return words[entry * WIDTH + FUNCTION];
    }

    int index(int entry) {
        return words[entry * WIDTH + INDEX];
    }

    int flags(int entry) {
        return words[entry * WIDTH + FLAGS];
    }

    /// `register` 0 is EAX, then EBX, ECX, EDX.
    int register(int entry, int register) {
        return words[entry * WIDTH + FIRST_REGISTER + register];
    }

    /// The entry that answers `function` and `index`, or -1.
    int find(int function, int index) {
        for (int i = 0; i < count; i++) {
            if (function(i) == function && (flags(i) == 0 || index(i) == index)) {
                return i;
            }
        }
        return -1;
    }
}
