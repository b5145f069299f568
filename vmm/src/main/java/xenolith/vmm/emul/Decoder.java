package xenolith.vmm.emul;

/// Decodes one instruction of 64-bit mode, of those that [Operation] lists.
///
/// It reads only the caller's copy of the code bytes. Any bytes at all are answered with a length of 1 to 15 or with
/// one of the refusals below; nothing is thrown and nothing allocated. One decoder per thread: it remembers where it
/// is.
public final class Decoder {
    /// The architecture's limit on one instruction, in bytes: how many the caller should copy if it can.
    public static final int MAX_LENGTH = 15;

    /// The copy ends before the instruction does: the page behind it was not there.
    public static final int TRUNCATED = -1;
    /// No instruction that is emulated here, or one with a LOCK prefix that it may not have.
    public static final int UNSUPPORTED = -2;
    /// Longer than the architecture allows.
    public static final int TOO_LONG = -3;

    private static final int REX_W = 8;
    private static final int REX_R = 4;
    private static final int REX_X = 2;
    private static final int REX_B = 1;

    /// "xen" and `cpuid`, which follow a `ud2` to ask for the hypervisor's CPUID.
    private static final byte[] FORCED_CPUID = {0x78, 0x65, 0x6e, 0x0f, (byte) 0xa2};

    private byte[] code;
    private int limit;
    private int position;
    private boolean overrun;

    /// Decodes the first `byteCount` bytes of `bytes` into `out`. Returns the length, or a negative refusal that leaves
    /// `out` empty.
    public int decode(byte[] bytes, int byteCount, Instruction out) {
        code = bytes;
        limit = Math.min(Math.min(byteCount, bytes.length), MAX_LENGTH);
        position = 0;
        overrun = false;
        out.reset();
        boolean known = decodeInto(out);
        if (overrun) {
            out.reset();
            return limit == MAX_LENGTH ? TOO_LONG : TRUNCATED;
        }
        if (!known) {
            out.reset();
            return UNSUPPORTED;
        }
        out.length = position;
        return position;
    }

    private boolean decodeInto(Instruction out) {
        int opcode = prefixes(out);
        boolean escaped = opcode == 0x0f;
        int last = escaped ? next() : opcode;
        int descriptor = escaped ? OpcodeMap.twoByte(last) : OpcodeMap.oneByte(last);
        if (descriptor == 0 || overrun) {
            return false;
        }
        if ((descriptor & OpcodeMap.MODRM) != 0) {
            out.modRm = next();
            if ((descriptor & OpcodeMap.GROUP) != 0) {
                descriptor = OpcodeMap.resolve(descriptor, out.modRm);
                if (descriptor == 0) {
                    return false;
                }
            }
        }
        out.operation = descriptor & OpcodeMap.OPERATION;
        out.condition = last & 0xf;
        sizes(out, descriptor);
        if ((descriptor & OpcodeMap.MODRM) != 0) {
            operands(out, descriptor);
        }
        immediate(out, descriptor);
        specialCases(out, opcode);
        return lawful(out, descriptor);
    }

    /// Takes the prefixes and returns the first opcode byte. A REX prefix counts only right before the opcode.
    private int prefixes(Instruction out) {
        for (;;) {
            int b = next();
            if (overrun) {
                return 0;
            }
            if ((b & 0xf0) == 0x40) {
                out.rex = b;
            } else if (legacyPrefix(out, b)) {
                out.rex = 0;
            } else {
                return b;
            }
        }
    }

    private static boolean legacyPrefix(Instruction out, int b) {
        switch (b) {
            case 0x66 -> out.operandSize16 = true;
            case 0x67 -> out.address32 = true;
            case 0xf0 -> out.lock = true;
            case 0xf2, 0xf3 -> out.repeat = true;
            case 0x64 -> out.segment = Instruction.SEGMENT_FS;
            case 0x65 -> out.segment = Instruction.SEGMENT_GS;
            case 0x26, 0x2e, 0x36, 0x3e -> { } // no meaning in 64-bit mode
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void sizes(Instruction out, int descriptor) {
        int size = out.operandSize16 ? 2 : 4;
        if ((out.rex & REX_W) != 0) {
            size = (descriptor & OpcodeMap.NARROW) != 0 ? 4 : 8;
        }
        if ((descriptor & OpcodeMap.WIDE) != 0) {
            size = 8;
        }
        if ((descriptor & OpcodeMap.BYTE) != 0) {
            size = 1;
        }
        out.operandSize = size;
        out.memorySize = memorySize(descriptor, size);
    }

    private static int memorySize(int descriptor, int operandSize) {
        if ((descriptor & OpcodeMap.MEMORY_1) != 0) {
            return 1;
        }
        if ((descriptor & OpcodeMap.MEMORY_2) != 0) {
            return 2;
        }
        // movsxd with an operand of two bytes reads two.
        return (descriptor & OpcodeMap.MEMORY_4) != 0 ? Math.min(4, operandSize) : operandSize;
    }

    private void operands(Instruction out, int descriptor) {
        if ((descriptor & OpcodeMap.REGISTER) != 0) {
            out.register = out.modRm >> 3 & 7 | ((out.rex & REX_R) != 0 ? 8 : 0);
            out.source = Instruction.SOURCE_REGISTER;
        }
        if (out.modRm >= 0xc0 || (descriptor & OpcodeMap.REGISTERS_ONLY) != 0) {
            out.rmRegister = out.modRm & 7 | extension(out, REX_B);
        } else {
            out.memoryOperand = true;
            address(out, out.modRm >> 6, out.modRm & 7);
        }
    }

    private void address(Instruction out, int mod, int rm) {
        boolean absolute = false;
        if (rm == 4) {
            absolute = scaledIndex(out, mod);
        } else if (mod == 0 && rm == 5) {
            out.ripRelative = true;
        } else {
            out.base = rm | extension(out, REX_B);
        }
        if (mod == 1) {
            out.displacement = (byte) next();
        } else if (mod == 2 || out.ripRelative || absolute) {
            out.displacement = signed(4);
        }
    }

    /// Takes the SIB byte. Returns whether it names no base, so that four bytes of displacement follow.
    private boolean scaledIndex(Instruction out, int mod) {
        int sib = next();
        int index = sib >> 3 & 7 | extension(out, REX_X);
        if (index != GuestRegisters.RSP) {
            out.index = index;
            out.scale = 1 << (sib >> 6);
        }
        if (mod == 0 && (sib & 7) == 5) {
            return true;
        }
        out.base = sib & 7 | extension(out, REX_B);
        return false;
    }

    private static int extension(Instruction out, int bit) {
        return (out.rex & bit) != 0 ? 8 : 0;
    }

    private void immediate(Instruction out, int descriptor) {
        if ((descriptor & OpcodeMap.NUMBER_8) != 0) {
            out.immediate = next();
        } else if ((descriptor & OpcodeMap.IMMEDIATE_8) != 0) {
            out.immediate = (byte) next();
        } else if ((descriptor & OpcodeMap.IMMEDIATE_Z) != 0) {
            out.immediate = signed(Math.min(4, out.operandSize));
        } else {
            return;
        }
        out.source = Instruction.SOURCE_IMMEDIATE;
    }

    private void specialCases(Instruction out, int opcode) {
        if (opcode == 0xcc) {
            out.immediate = 3;
            out.source = Instruction.SOURCE_IMMEDIATE;
        } else if (out.operation == Operation.UD2 && position == 2 && forcedCpuidFollows()) {
            out.operation = Operation.FORCED_CPUID;
            position += FORCED_CPUID.length;
        }
    }

    private boolean forcedCpuidFollows() {
        if (position + FORCED_CPUID.length > limit) {
            return false;
        }
        for (int i = 0; i < FORCED_CPUID.length; i++) {
            if (code[position + i] != FORCED_CPUID[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean lawful(Instruction out, int descriptor) {
        if ((descriptor & OpcodeMap.MEMORY_ONLY) != 0 && !out.memoryOperand) {
            return false;
        }
        return !out.lock || out.memoryOperand && (descriptor & OpcodeMap.LOCKABLE) != 0;
    }

    /// The next byte, unsigned; 0 with [#overrun] set once the copy is used up.
    private int next() {
        if (position >= limit) {
            overrun = true;
            return 0;
        }
        return code[position++] & 0xff;
    }

    private long signed(int byteCount) {
        long value = 0;
        for (int i = 0; i < byteCount; i++) {
            value |= (long) next() << 8 * i;
        }
        return Operands.signExtend(value, byteCount);
    }
}
