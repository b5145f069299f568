package xenolith.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// What CPUID tells a guest: a growable list of `struct kvm_cpuid_entry2` (`<asm/kvm.h>`), for
/// KVM_GET_SUPPORTED_CPUID and KVM_SET_CPUID2.
///
/// A table belongs to one thread until it is handed over.
public final class CpuidTable {
    /// The entry answers for its subleaf (ECX) alone.
    public static final int KVM_CPUID_FLAG_SIGNIFCANT_INDEX = 1;

    /// Not found.
    public static final int NONE = -1;

    private static final int FUNCTION = 0;
    private static final int INDEX = 1;
    private static final int FLAGS = 2;
    private static final int EAX = 3;
    private static final int EBX = 4;
    private static final int ECX = 5;
    private static final int EDX = 6;
    private static final int WORDS = 7;

    private static final long NENT = KvmArguments.offset(KvmArguments.CPUID2, "nent");
    private static final long ENTRIES = KvmArguments.offset(KvmArguments.CPUID2, "entries");
    private static final long ENTRY_SIZEOF = KvmArguments.CPUID_ENTRY2.byteSize();
    private static final long FIRST_WORD = KvmArguments.offset(KvmArguments.CPUID_ENTRY2, "function");

    private int[] words = new int[64 * WORDS];
    private int size;

    public CpuidTable() {
    }

    /// The number of entries.
    public int size() {
        return size;
    }

    public int function(int entry) {
        return words[at(entry, FUNCTION)];
    }

    public int index(int entry) {
        return words[at(entry, INDEX)];
    }

    public int flags(int entry) {
        return words[at(entry, FLAGS)];
    }

    public int eax(int entry) {
        return words[at(entry, EAX)];
    }

    public int ebx(int entry) {
        return words[at(entry, EBX)];
    }

    public int ecx(int entry) {
        return words[at(entry, ECX)];
    }

    public int edx(int entry) {
        return words[at(entry, EDX)];
    }

    /// Changes the answer of an entry.
    public void answer(int entry, int eax, int ebx, int ecx, int edx) {
        words[at(entry, EAX)] = eax;
        words[at(entry, EBX)] = ebx;
        words[at(entry, ECX)] = ecx;
        words[at(entry, EDX)] = edx;
    }

    /// Adds an entry at the end and returns its number.
    public int add(int function, int index, int flags, int eax, int ebx, int ecx, int edx) {
        if ((size + 1) * WORDS > words.length) {
            words = Arrays.copyOf(words, words.length * 2);
        }
        int entry = size++;
        words[at(entry, FUNCTION)] = function;
        words[at(entry, INDEX)] = index;
        words[at(entry, FLAGS)] = flags;
        answer(entry, eax, ebx, ecx, edx);
        return entry;
    }

    /// The entry that answers CPUID with EAX = `leaf` and ECX = `sub`, or [#NONE].
    public int find(int leaf, int sub) {
        for (int entry = 0; entry < size; entry++) {
            boolean anySub = (flags(entry) & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) == 0;
            if (function(entry) == leaf && (anySub || index(entry) == sub)) {
                return entry;
            }
        }
        return NONE;
    }

    /// The table as a `struct kvm_cpuid2`.
    public MemorySegment toNative(Arena arena) {
        MemorySegment cpuid = arena.allocate(ENTRIES + size * ENTRY_SIZEOF, KvmArguments.CPUID2.byteAlignment());
        cpuid.set(JAVA_INT, NENT, size);
        for (int entry = 0; entry < size; entry++) {
            MemorySegment.copy(words, entry * WORDS, cpuid, JAVA_INT, entryAt(entry), WORDS);
        }
        return cpuid;
    }

    /// An empty `struct kvm_cpuid2` with room for `capacity` entries, to be filled by KVM.
    static MemorySegment room(Arena arena, int capacity) {
        MemorySegment cpuid = arena.allocate(ENTRIES + capacity * ENTRY_SIZEOF, KvmArguments.CPUID2.byteAlignment());
        cpuid.set(JAVA_INT, NENT, capacity);
        return cpuid;
    }

    /// Copies a `struct kvm_cpuid2` that KVM has filled.
    static CpuidTable fromNative(MemorySegment cpuid) {
        CpuidTable table = new CpuidTable();
        table.size = cpuid.get(JAVA_INT, NENT);
        table.words = new int[Math.max(table.size, 1) * WORDS];
        for (int entry = 0; entry < table.size; entry++) {
            MemorySegment.copy(cpuid, JAVA_INT, entryAt(entry), table.words, entry * WORDS, WORDS);
        }
        return table;
    }

    /// The seven words of an entry follow each other in the struct as they do here.
    private static long entryAt(int entry) {
        return ENTRIES + entry * ENTRY_SIZEOF + FIRST_WORD;
    }

    private int at(int entry, int word) {
        if (entry < 0 || entry >= size) {
            throw new IndexOutOfBoundsException("entry=" + entry + " size=" + size);
        }
        return entry * WORDS + word;
    }
}
