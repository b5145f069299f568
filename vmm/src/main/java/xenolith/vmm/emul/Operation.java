package xenolith.vmm.emul;

/// What a decoded instruction does, as a dense `int` so that callers can switch on it and count by it.
public final class Operation {
    /// Nothing decoded yet, or the bytes were refused.
    public static final int NONE = 0;

    // Stores and read-modify-writes. The eight arithmetic ones keep the order of the ModRM.reg field of opcode 0x81.
    public static final int ADD = 1;
    public static final int OR = 2;
    public static final int ADC = 3;
    public static final int SBB = 4;
    public static final int AND = 5;
    public static final int SUB = 6;
    public static final int XOR = 7;
    public static final int MOV = 8;
    public static final int XCHG = 9;
    public static final int CMPXCHG = 10;
    public static final int XADD = 11;
    public static final int BTS = 12;
    public static final int BTR = 13;
    public static final int BTC = 14;
    public static final int STOS = 15;

    /// The last operation that stores to memory by ModRM or RDI.
    static final int LAST_STORE = STOS;

    // Loads of a register from memory.
    public static final int LOAD = 16;
    public static final int LOAD_ZERO_EXTENDED = 17;
    public static final int LOAD_SIGN_EXTENDED = 18;
    // Arithmetic on a register with an operand in memory, in the order of ADD to XOR above.
    public static final int LOAD_ADD = 19;
    public static final int LOAD_OR = 20;
    public static final int LOAD_ADC = 21;
    public static final int LOAD_SBB = 22;
    public static final int LOAD_AND = 23;
    public static final int LOAD_SUB = 24;
    public static final int LOAD_XOR = 25;
    /// A register compared with memory.
    public static final int CMP = 26;
    /// Memory compared with a register or an immediate.
    public static final int CMP_MEMORY = 27;
    public static final int TEST = 28;
    public static final int CMOV = 29;

    /// The last operation that reads memory and writes no more than a register and flags.
    static final int LAST_LOAD = CMOV;

    /// Pushes eight bytes of memory.
    public static final int PUSH = 30;

    // What faults at ring 3, or is forced to.
    public static final int RDMSR = 31;
    public static final int WRMSR = 32;
    public static final int MOV_FROM_CR = 33;
    public static final int MOV_TO_CR = 34;
    public static final int MOV_FROM_DR = 35;
    public static final int MOV_TO_DR = 36;
    public static final int CLTS = 37;
    public static final int INVD = 38;
    public static final int WBINVD = 39;
    public static final int HLT = 40;
    public static final int CLI = 41;
    public static final int STI = 42;
    public static final int IN = 43;
    public static final int OUT = 44;
    public static final int INS = 45;
    public static final int OUTS = 46;
    public static final int XGETBV = 47;
    public static final int XSETBV = 48;
    public static final int RDTSC = 49;
    public static final int RDTSCP = 50;
    public static final int RDPMC = 51;
    public static final int INVLPG = 52;
    public static final int SWAPGS = 53;
    public static final int SMSW = 54;
    public static final int LMSW = 55;
    /// SGDT, SIDT, SLDT, STR: they run natively at ring 3, or fault where UMIP is on.
    public static final int STORE_TABLE = 56;
    /// LGDT, LIDT, LLDT, LTR.
    public static final int LOAD_TABLE = 57;
    public static final int CPUID = 58;
    /// `ud2` followed by the letters "xen" and `cpuid`: seven bytes that ask the hypervisor for its answer.
    public static final int FORCED_CPUID = 59;
    public static final int UD2 = 60;
    /// `int n` with its vector as the immediate; `int3` is decoded as vector 3.
    public static final int INT = 61;

    /// One past the largest number above.
    static final int COUNT = 62;

    private Operation() {}
}
