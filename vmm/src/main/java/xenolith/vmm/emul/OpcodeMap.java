package xenolith.vmm.emul;

/// Which opcodes are known, and what follows each. A descriptor is one `int`: the operation in the low byte, or a group
/// to be resolved with ModRM, and flags above. Zero means "not ours".
///
/// Two maps: the one-byte opcodes, and those after 0F. What Intel's and AMD's opcode tables call Eb, Ev, Gv, Ib and Iz
/// is spelt out in the flags.
final class OpcodeMap {
    static final int OPERATION = 0xff;

    /// A ModRM byte follows.
    static final int MODRM = 1 << 8;
    /// The operand is one byte.
    static final int BYTE = 1 << 9;
    /// Eight bits of immediate, sign-extended.
    static final int IMMEDIATE_8 = 1 << 10;
    /// As wide as the operand, but at most four bytes, sign-extended.
    static final int IMMEDIATE_Z = 1 << 11;
    /// Eight bits of immediate, zero-extended: a port or a vector.
    static final int NUMBER_8 = 1 << 12;
    /// ModRM.reg names the other operand.
    static final int REGISTER = 1 << 13;
    /// ModRM.reg is part of the opcode; the operation byte holds a GROUP_ number.
    static final int GROUP = 1 << 14;
    /// May carry a LOCK prefix when its operand is memory.
    static final int LOCKABLE = 1 << 15;
    /// A register in ModRM.rm makes another instruction of it.
    static final int MEMORY_ONLY = 1 << 16;
    /// Always eight bytes wide.
    static final int WIDE = 1 << 17;
    /// Never wider than four bytes: port I/O.
    static final int NARROW = 1 << 18;
    /// ModRM.mod is ignored and both fields are registers: control and debug registers.
    static final int REGISTERS_ONLY = 1 << 19;
    /// The memory operand is 1, 2 or 4 bytes, whatever the operand size.
    static final int MEMORY_1 = 1 << 20;
    static final int MEMORY_2 = 1 << 21;
    static final int MEMORY_4 = 1 << 22;

    private static final int GROUP_ARITHMETIC = 1;
    private static final int GROUP_MOV = 2;
    private static final int GROUP_BIT = 3;
    private static final int GROUP_TABLES = 4;
    private static final int GROUP_SYSTEM = 5;
    private static final int GROUP_TEST = 6;
    private static final int GROUP_PUSH = 7;

    private static final int[] ONE_BYTE = oneByteMap();
    private static final int[] TWO_BYTE = twoByteMap();

    private OpcodeMap() {}

    static int oneByte(int opcode) {
        return ONE_BYTE[opcode & 0xff];
    }

    /// The opcode that follows 0F.
    static int twoByte(int opcode) {
        return TWO_BYTE[opcode & 0xff];
    }

    /// Turns a group's descriptor into that of the one instruction which ModRM selects.
    static int resolve(int descriptor, int modRm) {
        int member = modRm >> 3 & 7;
        boolean register = modRm >= 0xc0;
        int flags = descriptor & ~(OPERATION | GROUP);
        return switch (descriptor & OPERATION) {
            case GROUP_ARITHMETIC -> member == 7 ? flags & ~LOCKABLE | MEMORY_ONLY | Operation.CMP_MEMORY
                    : flags | (Operation.ADD + member);
            case GROUP_MOV -> member == 0 ? flags | Operation.MOV : 0;
            case GROUP_BIT -> member >= 5 ? flags | (Operation.BTS + member - 5) : 0;
            case GROUP_TABLES -> tables(member);
            case GROUP_TEST -> member <= 1 ? flags | Operation.TEST : 0;
            case GROUP_PUSH -> member == 6 ? flags | Operation.PUSH : 0;
            default -> register ? systemRegister(modRm) : systemMemory(member);
        };
    }

    private static int tables(int member) {
        return switch (member) {
            case 0, 1 -> MODRM | Operation.STORE_TABLE;
            case 2, 3 -> MODRM | Operation.LOAD_TABLE;
            default -> 0;
        };
    }

    private static int systemMemory(int member) {
        return switch (member) {
            case 0, 1 -> MODRM | Operation.STORE_TABLE;
            case 2, 3 -> MODRM | Operation.LOAD_TABLE;
            case 4 -> MODRM | MEMORY_2 | Operation.SMSW;
            case 6 -> MODRM | MEMORY_2 | Operation.LMSW;
            case 7 -> MODRM | Operation.INVLPG;
            default -> 0;
        };
    }

    private static int systemRegister(int modRm) {
        return switch (modRm) {
            case 0xd0 -> MODRM | Operation.XGETBV;
            case 0xd1 -> MODRM | Operation.XSETBV;
            case 0xf8 -> MODRM | Operation.SWAPGS;
            case 0xf9 -> MODRM | Operation.RDTSCP;
            default -> switch (modRm >> 3 & 7) {
                case 4 -> MODRM | Operation.SMSW;
                case 6 -> MODRM | Operation.LMSW;
                default -> 0;
            };
        };
    }

    private static int[] oneByteMap() {
        int[] map = new int[256];
        int store = MODRM | REGISTER | LOCKABLE;
        int read = MODRM | REGISTER | MEMORY_ONLY;
        for (int i = 0; i < 7; i++) {
            pair(map, 8 * i, store | (Operation.ADD + i));
            pair(map, 8 * i + 2, read | (Operation.LOAD_ADD + i));
        }
        pair(map, 0x38, read | Operation.CMP_MEMORY);
        pair(map, 0x3a, read | Operation.CMP);
        map[0x63] = MODRM | REGISTER | MEMORY_4 | Operation.LOAD_SIGN_EXTENDED;
        map[0x80] = MODRM | BYTE | IMMEDIATE_8 | GROUP | LOCKABLE | GROUP_ARITHMETIC;
        map[0x81] = MODRM | IMMEDIATE_Z | GROUP | LOCKABLE | GROUP_ARITHMETIC;
        map[0x83] = MODRM | IMMEDIATE_8 | GROUP | LOCKABLE | GROUP_ARITHMETIC;
        pair(map, 0x84, read | Operation.TEST);
        pair(map, 0x86, store | Operation.XCHG);
        pair(map, 0x88, MODRM | REGISTER | Operation.MOV);
        pair(map, 0x8a, MODRM | REGISTER | Operation.LOAD);
        pair(map, 0xaa, Operation.STOS);
        map[0xc6] = MODRM | BYTE | IMMEDIATE_8 | GROUP | GROUP_MOV;
        map[0xc7] = MODRM | IMMEDIATE_Z | GROUP | GROUP_MOV;
        ports(map);
        map[0xcc] = Operation.INT;
        map[0xcd] = NUMBER_8 | Operation.INT;
        map[0xf4] = Operation.HLT;
        map[0xf6] = MODRM | BYTE | IMMEDIATE_8 | GROUP | MEMORY_ONLY | GROUP_TEST;
        map[0xf7] = MODRM | IMMEDIATE_Z | GROUP | MEMORY_ONLY | GROUP_TEST;
        map[0xfa] = Operation.CLI;
        map[0xfb] = Operation.STI;
        map[0xff] = MODRM | WIDE | GROUP | MEMORY_ONLY | GROUP_PUSH;
        return map;
    }

    private static void ports(int[] map) {
        pair(map, 0x6c, NARROW | Operation.INS);
        pair(map, 0x6e, NARROW | Operation.OUTS);
        pair(map, 0xe4, NARROW | NUMBER_8 | Operation.IN);
        pair(map, 0xe6, NARROW | NUMBER_8 | Operation.OUT);
        pair(map, 0xec, NARROW | Operation.IN);
        pair(map, 0xee, NARROW | Operation.OUT);
    }

    private static int[] twoByteMap() {
        int[] map = new int[256];
        int store = MODRM | REGISTER | LOCKABLE;
        map[0x00] = MODRM | GROUP | GROUP_TABLES;
        map[0x01] = MODRM | GROUP | GROUP_SYSTEM;
        system(map);
        for (int condition = 0; condition < 16; condition++) {
            map[0x40 + condition] = MODRM | REGISTER | MEMORY_ONLY | Operation.CMOV;
        }
        map[0xab] = store | Operation.BTS;
        pair(map, 0xb0, store | Operation.CMPXCHG);
        map[0xb3] = store | Operation.BTR;
        map[0xb6] = MODRM | REGISTER | MEMORY_1 | Operation.LOAD_ZERO_EXTENDED;
        map[0xb7] = MODRM | REGISTER | MEMORY_2 | Operation.LOAD_ZERO_EXTENDED;
        map[0xba] = MODRM | IMMEDIATE_8 | GROUP | LOCKABLE | GROUP_BIT;
        map[0xbb] = store | Operation.BTC;
        map[0xbe] = MODRM | REGISTER | MEMORY_1 | Operation.LOAD_SIGN_EXTENDED;
        map[0xbf] = MODRM | REGISTER | MEMORY_2 | Operation.LOAD_SIGN_EXTENDED;
        pair(map, 0xc0, store | Operation.XADD);
        // movnti: ordering is nothing to an emulated store.
        map[0xc3] = MODRM | REGISTER | MEMORY_ONLY | Operation.MOV;
        return map;
    }

    private static void system(int[] map) {
        int registers = MODRM | REGISTER | WIDE | REGISTERS_ONLY;
        map[0x06] = Operation.CLTS;
        map[0x08] = Operation.INVD;
        map[0x09] = Operation.WBINVD;
        map[0x0b] = Operation.UD2;
        map[0x20] = registers | Operation.MOV_FROM_CR;
        map[0x21] = registers | Operation.MOV_FROM_DR;
        map[0x22] = registers | Operation.MOV_TO_CR;
        map[0x23] = registers | Operation.MOV_TO_DR;
        map[0x30] = Operation.WRMSR;
        map[0x31] = Operation.RDTSC;
        map[0x32] = Operation.RDMSR;
        map[0x33] = Operation.RDPMC;
        map[0xa2] = Operation.CPUID;
    }

    /// The even opcode is the one-byte form, the odd one the wider.
    private static void pair(int[] map, int even, int descriptor) {
        map[even] = descriptor | BYTE;
        map[even + 1] = descriptor;
    }
}
