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

    // What faults at ring 3, or is forced to.
    public static final int RDMSR = 20;
    public static final int WRMSR = 21;
    public static final int MOV_FROM_CR = 22;
    public static final int MOV_TO_CR = 23;
    public static final int MOV_FROM_DR = 24;
    public static final int MOV_TO_DR = 25;
    public static final int CLTS = 26;
    public static final int INVD = 27;
    public static final int WBINVD = 28;
    public static final int HLT = 29;
    public static final int CLI = 30;
    public static final int STI = 31;
    public static final int IN = 32;
    public static final int OUT = 33;
    public static final int INS = 34;
    public static final int OUTS = 35;
    public static final int XGETBV = 36;
    public static final int XSETBV = 37;
    public static final int RDTSC = 38;
    public static final int RDTSCP = 39;
    public static final int RDPMC = 40;
    public static final int INVLPG = 41;
    public static final int SWAPGS = 42;
    public static final int SMSW = 43;
    public static final int LMSW = 44;
    /// SGDT, SIDT, SLDT, STR: they run natively at ring 3, or fault where UMIP is on.
    public static final int STORE_TABLE = 45;
    /// LGDT, LIDT, LLDT, LTR.
    public static final int LOAD_TABLE = 46;
    public static final int CPUID = 47;
    /// `ud2` followed by the letters "xen" and `cpuid`: seven bytes that ask the hypervisor for its answer.
    public static final int FORCED_CPUID = 48;
    public static final int UD2 = 49;
    /// `int n` with its vector as the immediate; `int3` is decoded as vector 3.
    public static final int INT = 50;

    /// One past the largest number above.
    static final int COUNT = 51;

    private Operation() {}
}
