package xenolith.vmm.emul;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The decoder against the real assembler.
class DecoderTest {
    private static final String[] R64 = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
            "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
    private static final String[] R32 = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
            "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"};
    private static final String[] R16 = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di",
            "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w"};
    private static final String[] R8 = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil",
            "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"};

    private final Decoder decoder = new Decoder();

    /// What a line must decode to; `immediate` is null where there is none.
    private record Expected(String line, int operation, int size, Integer register, Long immediate) {}

    @Test
    void privilegedInstructionsDecodeAsTheAssemblerWroteThem() {
        check(List.of(
                plain("rdmsr", Operation.RDMSR), plain("wrmsr", Operation.WRMSR), plain("clts", Operation.CLTS),
                plain("invd", Operation.INVD), plain("wbinvd", Operation.WBINVD), plain("hlt", Operation.HLT),
                plain("cli", Operation.CLI), plain("sti", Operation.STI), plain("xsetbv", Operation.XSETBV),
                plain("xgetbv", Operation.XGETBV), plain("rdtsc", Operation.RDTSC), plain("rdtscp", Operation.RDTSCP),
                plain("rdpmc", Operation.RDPMC), plain("swapgs", Operation.SWAPGS), plain("cpuid", Operation.CPUID),
                plain("ud2", Operation.UD2), plain("invlpg (%rdi)", Operation.INVLPG),
                plain("invlpg %gs:0x1234(%rax,%r9,4)", Operation.INVLPG), plain("sgdt 8(%rsp)", Operation.STORE_TABLE),
                plain("sidt (%rax)", Operation.STORE_TABLE), plain("sldt %eax", Operation.STORE_TABLE),
                plain("str (%rax)", Operation.STORE_TABLE), plain("lgdt (%rax)", Operation.LOAD_TABLE),
                plain("lidt sym(%rip)", Operation.LOAD_TABLE), plain("lldt %ax", Operation.LOAD_TABLE),
                plain("ltr (%rbx)", Operation.LOAD_TABLE), plain("smsw %rax", Operation.SMSW),
                plain("smsw (%rdx)", Operation.SMSW), plain("lmsw %ax", Operation.LMSW),
                plain("ud2; .ascii \"xen\"; cpuid", Operation.FORCED_CPUID), plain("wbnoinvd", Operation.WBINVD),
                new Expected("int $0x80", Operation.INT, 4, null, 0x80L),
                new Expected("int3", Operation.INT, 4, null, 3L)));
    }

    @Test
    void controlAndDebugRegistersAreNamedByTheRegField() {
        List<Expected> all = new ArrayList<>();
        for (int general = 0; general < 16; general++) {
            for (int cr : new int[] {0, 2, 3, 4, 8}) {
                all.add(new Expected("mov %cr" + cr + ",%" + R64[general], Operation.MOV_FROM_CR, 8, cr, null));
                all.add(new Expected("mov %" + R64[general] + ",%cr" + cr, Operation.MOV_TO_CR, 8, cr, null));
            }
            all.add(new Expected("mov %db7,%" + R64[general], Operation.MOV_FROM_DR, 8, 7, null));
            all.add(new Expected("mov %" + R64[general] + ",%db3", Operation.MOV_TO_DR, 8, 3, null));
        }
        check(all);
    }

    @Test
    void portInstructionsAreNeverWiderThanFourBytes() {
        check(List.of(
                new Expected("in $0x42,%al", Operation.IN, 1, null, 0x42L),
                new Expected("in $0xf0,%eax", Operation.IN, 4, null, 0xf0L),
                new Expected("in $0xf0,%ax", Operation.IN, 2, null, 0xf0L),
                new Expected("in %dx,%al", Operation.IN, 1, null, null),
                new Expected("in %dx,%eax", Operation.IN, 4, null, null),
                new Expected(".byte 0x48; in %dx,%eax", Operation.IN, 4, null, null),
                new Expected("out %al,$0x80", Operation.OUT, 1, null, 0x80L),
                new Expected("out %ax,%dx", Operation.OUT, 2, null, null),
                new Expected("out %eax,%dx", Operation.OUT, 4, null, null),
                new Expected("rep insb", Operation.INS, 1, null, null),
                new Expected("insw", Operation.INS, 2, null, null),
                new Expected("rep outsl", Operation.OUTS, 4, null, null)));
    }

    @Test
    void storesOfEverySizeDecodeAsTheAssemblerWroteThem() {
        List<Expected> all = new ArrayList<>();
        Random random = new Random(1);
        String[] arithmetic = {"add", "or", "adc", "sbb", "and", "sub", "xor"};
        for (int i = 0; i < arithmetic.length; i++) {
            addRegisterForms(all, "lock " + arithmetic[i], Operation.ADD + i, random);
            addImmediateForms(all, arithmetic[i], Operation.ADD + i);
        }
        addRegisterForms(all, "mov", Operation.MOV, random);
        addImmediateForms(all, "mov", Operation.MOV);
        addRegisterForms(all, "xchg", Operation.XCHG, random);
        addRegisterForms(all, "lock cmpxchg", Operation.CMPXCHG, random);
        addRegisterForms(all, "xadd", Operation.XADD, random);
        check(all);
    }

    @Test
    void bitOperationsDecodeAsTheAssemblerWroteThem() {
        List<Expected> all = new ArrayList<>();
        String[] names = {"bts", "btr", "btc"};
        for (int i = 0; i < names.length; i++) {
            int operation = Operation.BTS + i;
            all.add(new Expected("lock " + names[i] + " %r9,(%rdi)", operation, 8, 9, null));
            all.add(new Expected(names[i] + " %dx,(%rdi)", operation, 2, 2, null));
            all.add(new Expected("lock " + names[i] + "q $63,8(%r12)", operation, 8, null, 63L));
            all.add(new Expected(names[i] + "l $5,(%r13)", operation, 4, null, 5L));
        }
        check(all);
    }

    @Test
    void otherStoresAndLoadsDecodeAsTheAssemblerWroteThem() {
        check(List.of(
                new Expected("movnti %rax,(%rbx)", Operation.MOV, 8, 0, null),
                new Expected("movnti %r9d,(%rbx)", Operation.MOV, 4, 9, null),
                new Expected("stosb", Operation.STOS, 1, null, null),
                new Expected("rep stosq", Operation.STOS, 8, null, null),
                new Expected("stosw", Operation.STOS, 2, null, null),
                new Expected("mov (%rsi),%r10", Operation.LOAD, 8, 10, null),
                new Expected("mov 4(%rsi),%al", Operation.LOAD, 1, 0, null),
                new Expected("movzbl (%rsi),%ecx", Operation.LOAD_ZERO_EXTENDED, 4, 1, null),
                new Expected("movzwq (%rsi),%rcx", Operation.LOAD_ZERO_EXTENDED, 8, 1, null),
                new Expected("movsbw (%rsi),%dx", Operation.LOAD_SIGN_EXTENDED, 2, 2, null),
                new Expected("movslq (%rsi),%rdx", Operation.LOAD_SIGN_EXTENDED, 8, 2, null)));
    }

    /// Every base, index, scale and kind of displacement, at random.
    @Test
    void addressesComeOutAsTheAssemblerPutThemIn() {
        Random random = new Random(2);
        List<String> lines = new ArrayList<>();
        List<int[]> parts = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            int base = random.nextInt(17) - 1;
            int index = random.nextInt(17) - 1;
            index = index == GuestRegisters.RSP ? -1 : index;
            int scale = index < 0 ? 1 : 1 << random.nextInt(4);
            int[] choices = {0, random.nextInt(256) - 128, random.nextInt()};
            int displacement = choices[random.nextInt(3)];
            parts.add(new int[] {base, index, scale, displacement});
            lines.add("mov %r8," + displacement + "(" + (base < 0 ? "" : "%" + R64[base])
                    + (index < 0 ? "" : ",%" + R64[index] + "," + scale) + ")");
        }
        List<byte[]> codes = Assembler.assemble(lines.stream().map(line -> line.replace("()", "")).toList());
        for (int i = 0; i < codes.size(); i++) {
            Instruction in = decodeWhole(lines.get(i), codes.get(i));
            assertThat(new int[] {in.base(), in.index(), in.scale(), (int) in.displacement()})
                    .as(lines.get(i)).isEqualTo(parts.get(i));
        }
    }

    @Test
    void ripRelativeAddressesCountFromTheNextInstruction() {
        byte[] code = Assembler.assemble("movl $0x11223344,0x100(%rip)");
        Instruction in = decodeWhole("rip-relative", code);
        assertThat(EffectiveAddress.of(in, PlainRegisters.at(0xffffffff81000000L), new FakeState()))
                .isEqualTo(0xffffffff81000000L + code.length + 0x100);
    }

    @Test
    void theAddressSizePrefixCutsAddressesToFourBytes() {
        Instruction in = decodeWhole("address32", Assembler.assemble("mov %rax,-8(%edi)"));
        PlainRegisters regs = PlainRegisters.at(0).with(GuestRegisters.RDI, 0xdead_0000_0004L);
        assertThat(EffectiveAddress.of(in, regs, new FakeState())).isEqualTo(0xffff_fffcL);
    }

    @Test
    void onlyAnFsOrGsPrefixAddsASegmentBase() {
        FakeState state = new FakeState();
        state.fsBase(0x1000);
        state.gsBase(0x2000);
        PlainRegisters regs = PlainRegisters.at(0).with(GuestRegisters.RDI, 0x10);
        long[] expected = {0x10, 0x1010, 0x2010, 0x10};
        List<byte[]> codes = Assembler.assemble(List.of("mov %rax,(%rdi)", "mov %rax,%fs:(%rdi)",
                "mov %rax,%gs:(%rdi)", ".byte 0x2e; mov %rax,(%rdi)"));
        for (int i = 0; i < expected.length; i++) {
            Instruction in = decodeWhole("segment " + i, codes.get(i));
            assertThat(EffectiveAddress.of(in, regs, state)).isEqualTo(expected[i]);
            assertThat(in.usesSegmentBase()).isEqualTo(i == 1 || i == 2);
        }
    }

    @Test
    void aRexPrefixCountsOnlyRightBeforeTheOpcode() {
        Instruction in = new Instruction();
        assertThat(decoder.decode(new byte[] {0x48, 0x66, (byte) 0x89, 0x07}, 4, in)).isEqualTo(4);
        assertThat(in.operandSize()).isEqualTo(2);
        assertThat(decoder.decode(new byte[] {0x66, 0x48, (byte) 0x89, 0x07}, 4, in)).isEqualTo(4);
        assertThat(in.operandSize()).isEqualTo(8);
    }

    @Test
    void aLockPrefixIsRefusedWhereTheProcessorRefusesIt() {
        byte[][] unlawful = {
            {(byte) 0xf0, (byte) 0x89, 0x07}, // lock mov %eax,(%rdi)
            {(byte) 0xf0, 0x01, (byte) 0xc0}, // lock add %eax,%eax
            {(byte) 0xf0, 0x0f, 0x32}, // lock rdmsr
        };
        for (byte[] code : unlawful) {
            assertThat(decoder.decode(code, code.length, new Instruction())).isEqualTo(Decoder.UNSUPPORTED);
        }
    }

    @Test
    void aForcedCpuidCutShortIsAnOrdinaryUd2() {
        byte[] code = {0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, (byte) 0xa2};
        Instruction in = new Instruction();
        assertThat(decoder.decode(code, 6, in)).isEqualTo(2);
        assertThat(in.operation()).isEqualTo(Operation.UD2);
        assertThat(decoder.decode(code, 7, in)).isEqualTo(7);
        assertThat(in.operation()).isEqualTo(Operation.FORCED_CPUID);
    }

    @Test
    void sixteenBytesAreOneTooMany() {
        byte[] code = new byte[16];
        Arrays.fill(code, (byte) 0x66);
        code[14] = (byte) 0xfa;
        assertThat(decoder.decode(code, 16, new Instruction())).isEqualTo(15);
        code[14] = 0x66;
        code[15] = (byte) 0xfa;
        assertThat(decoder.decode(code, 16, new Instruction())).isEqualTo(Decoder.TOO_LONG);
    }

    private static Expected plain(String line, int operation) {
        return new Expected(line, operation, 0, null, null);
    }

    private static void addRegisterForms(List<Expected> all, String name, int operation, Random random) {
        String[][] names = {R8, R16, R32, R64};
        for (int log = 0; log < 4; log++) {
            for (int register = 0; register < 16; register++) {
                String memory = random.nextInt(1000) + "(%" + R64[random.nextInt(16)] + ")";
                all.add(new Expected(name + " %" + names[log][register] + "," + memory, operation, 1 << log,
                        register, null));
            }
        }
    }

    private static void addImmediateForms(List<Expected> all, String name, int operation) {
        char[] suffixes = {'b', 'w', 'l', 'q'};
        long[] values = {-1, 0x12, 0x1234, 0x12345678, -0x1234};
        for (int log = 0; log < 4; log++) {
            for (long value : values) {
                boolean fits = Operands.signExtend(value, 1 << log) == value;
                if (fits) {
                    String line = name + suffixes[log] + " $" + value + ",16(%r10,%rbp,2)";
                    all.add(new Expected(line, operation, 1 << log, null, value));
                }
            }
        }
    }

    private void check(List<Expected> all) {
        List<byte[]> codes = Assembler.assemble(all.stream().map(Expected::line).toList());
        for (int i = 0; i < all.size(); i++) {
            Expected expected = all.get(i);
            Instruction in = decodeWhole(expected.line, codes.get(i));
            assertThat(in.operation()).as(expected.line).isEqualTo(expected.operation);
            if (expected.size != 0) {
                assertThat(in.operandSize()).as(expected.line).isEqualTo(expected.size);
                assertThat(in.register()).as(expected.line)
                        .isEqualTo(expected.register == null ? Instruction.ABSENT : expected.register);
                assertThat(in.hasImmediate()).as(expected.line).isEqualTo(expected.immediate != null);
            }
            if (expected.immediate != null) {
                assertThat(in.immediate()).as(expected.line).isEqualTo(expected.immediate);
            }
        }
    }

    /// Decodes `code` with other bytes behind it, and expects exactly its length.
    private Instruction decodeWhole(String line, byte[] code) {
        byte[] padded = Arrays.copyOf(code, 32);
        Arrays.fill(padded, code.length, 32, (byte) 0xcc);
        Instruction in = new Instruction();
        assertThat(decoder.decode(padded, 32, in)).as(line).isEqualTo(code.length);
        assertThat(in.length()).as(line).isEqualTo(code.length);
        return in;
    }
}
