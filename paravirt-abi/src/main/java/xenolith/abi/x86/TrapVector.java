package xenolith.abi.x86;

/// Exception vectors of the processor, as set_trap_table and the guest's handlers number them.
public final class TrapVector {
    public static final int DIVIDE_ERROR = 0;
    public static final int DEBUG = 1;
    /// In a guest's trap table: its handler for non-maskable interrupts.
    public static final int NMI = 2;
    public static final int BREAKPOINT = 3;
    public static final int OVERFLOW = 4;
    public static final int BOUND = 5;
    public static final int INVALID_OPCODE = 6;
    public static final int DEVICE_NOT_AVAILABLE = 7;
    public static final int DOUBLE_FAULT = 8;
    public static final int INVALID_TSS = 10;
    public static final int SEGMENT_NOT_PRESENT = 11;
    public static final int STACK_FAULT = 12;
    public static final int GENERAL_PROTECTION = 13;
    public static final int PAGE_FAULT = 14;
    public static final int X87_ERROR = 16;
    public static final int ALIGNMENT_CHECK = 17;
    public static final int MACHINE_CHECK = 18;
    public static final int SIMD_ERROR = 19;
    public static final int VIRTUALISATION = 20;
    public static final int CONTROL_PROTECTION = 21;

    /// The vectors below this are the processor's; `int n` reaches the rest.
    public static final int EXCEPTION_COUNT = 32;

    /// Page-fault error code: the page was present.
    public static final int PF_PRESENT = 1;
    /// Page-fault error code: a write.
    public static final int PF_WRITE = 1 << 1;
    /// Page-fault error code: from user mode.
    public static final int PF_USER = 1 << 2;
    /// Page-fault error code: a reserved bit was set.
    public static final int PF_RESERVED = 1 << 3;
    /// Page-fault error code: an instruction fetch.
    public static final int PF_FETCH = 1 << 4;

    /// One bit for each vector that pushes an error code: 8, 10–14, 17, 21.
    private static final int ERROR_CODE_VECTORS = 1 << DOUBLE_FAULT | 1 << INVALID_TSS | 1 << SEGMENT_NOT_PRESENT
            | 1 << STACK_FAULT | 1 << GENERAL_PROTECTION | 1 << PAGE_FAULT | 1 << ALIGNMENT_CHECK
            | 1 << CONTROL_PROTECTION;

    private TrapVector() {
    }

    public static boolean hasErrorCode(int vector) {
        return vector >= 0 && vector < EXCEPTION_COUNT && (ERROR_CODE_VECTORS >>> vector & 1) != 0;
    }

    /// The manual's mnemonic; for logs.
    public static String name(int vector) {
        return switch (vector) {
            case DIVIDE_ERROR -> "#DE";
            case DEBUG -> "#DB";
            case NMI -> "NMI";
            case BREAKPOINT -> "#BP";
            case OVERFLOW -> "#OF";
            case BOUND -> "#BR";
            case INVALID_OPCODE -> "#UD";
            case DEVICE_NOT_AVAILABLE -> "#NM";
            case DOUBLE_FAULT -> "#DF";
            case INVALID_TSS -> "#TS";
            case SEGMENT_NOT_PRESENT -> "#NP";
            case STACK_FAULT -> "#SS";
            case GENERAL_PROTECTION -> "#GP";
            case PAGE_FAULT -> "#PF";
            case X87_ERROR -> "#MF";
            case ALIGNMENT_CHECK -> "#AC";
            case MACHINE_CHECK -> "#MC";
            case SIMD_ERROR -> "#XM";
            case VIRTUALISATION -> "#VE";
            case CONTROL_PROTECTION -> "#CP";
            default -> "vector " + vector;
        };
    }
}
