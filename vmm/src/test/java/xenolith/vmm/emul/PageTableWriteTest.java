package xenolith.vmm.emul;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The forms that Linux uses on page tables, and the refusals.
class PageTableWriteTest {
    private static final long ENTRY = 0xffff888000001008L;
    private static final long PTE = 0x8000_0001_2345_6067L;
    private static final long RIP = 0xffffffff81000000L;

    private final Decoder decoder = new Decoder();
    private final Instruction in = new Instruction();
    private final FakeState bases = new FakeState();
    private PlainRegisters regs;

    @BeforeEach
    void registersPointAtTheEntry() {
        regs = PlainRegisters.at(RIP).with(GuestRegisters.RDI, ENTRY);
    }

    @Test
    void xchgTakesTheOldEntryAndLeavesTheNew() {
        decode(0x48, 0x87, 0x07); // xchg %rax,(%rdi)
        regs.set(GuestRegisters.RAX, 0);
        assertThat(store(ENTRY)).isZero();
        assertThat(regs.get(GuestRegisters.RAX)).isEqualTo(PTE);
        assertThat(regs.rip()).isEqualTo(RIP + 3);
    }

    @Test
    void andOfOneByteLeavesTheOtherSevenAlone() {
        decode(0xf0, 0x80, 0x27, 0xfd); // lock andb $0xfd,(%rdi): clears RW
        regs.rflags(Rflags.CF | Rflags.OF | Rflags.ZF);
        assertThat(store(ENTRY)).isEqualTo(PTE & ~2);
        assertThat(regs.rflags()).isEqualTo(Rflags.PF); // 0x65: four ones, positive, not zero
    }

    @Test
    void andOfAnyByteOfTheEntryFindsThatByte() {
        decode(0xf0, 0x80, 0x67, 0x07, 0x7f); // lock andb $0x7f,7(%rdi): clears NX
        assertThat(store(ENTRY + 7)).isEqualTo(PTE & Long.MAX_VALUE);
    }

    @Test
    void btrTellsTheOldBitInCarry() {
        decode(0xf0, 0x48, 0x0f, 0xba, 0x37, 0x01); // lock btrq $1,(%rdi)
        assertThat(store(ENTRY)).isEqualTo(PTE & ~2);
        assertThat(regs.rflags() & Rflags.CF).isNotZero();
    }

    @Test
    void bitsBeyondTheOperandBelongToAnotherEntry() {
        decode(0x48, 0x0f, 0xab, 0x17); // bts %rdx,(%rdi)
        regs.set(GuestRegisters.RDX, 64 + 5);
        assertThat(PageTableWrite.admit(in, regs, bases, ENTRY)).isEqualTo(PageTableWrite.OTHER_ADDRESS);
        assertThat(PageTableWrite.admit(in, regs, bases, ENTRY + 8)).isZero();
        regs.set(GuestRegisters.RDX, -1);
        assertThat(PageTableWrite.admit(in, regs, bases, ENTRY - 8)).isZero();
        assertThat(PageTableWrite.newWord(in, regs, 0, 0)).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void aCmpxchgThatMatchesStoresAndSetsZero() {
        decode(0xf0, 0x48, 0x0f, 0xb1, 0x17); // lock cmpxchg %rdx,(%rdi)
        regs.with(GuestRegisters.RAX, PTE).with(GuestRegisters.RDX, 0x42);
        assertThat(store(ENTRY)).isEqualTo(0x42);
        assertThat(regs.get(GuestRegisters.RAX)).isEqualTo(PTE);
        assertThat(regs.rflags() & Rflags.ARITHMETIC).isEqualTo(Rflags.ZF | Rflags.PF);
    }

    @Test
    void aCmpxchgThatFailsChangesOnlyTheAccumulator() {
        decode(0xf0, 0x48, 0x0f, 0xb1, 0x17);
        regs.with(GuestRegisters.RAX, PTE | 0x18).with(GuestRegisters.RDX, 0x42);
        assertThat(store(ENTRY)).isEqualTo(PTE);
        assertThat(regs.get(GuestRegisters.RAX)).isEqualTo(PTE);
        assertThat(regs.rflags() & Rflags.ZF).isZero();
        assertThat(regs.rip()).isEqualTo(RIP + 5);
    }

    @Test
    void anEntryMayBeWrittenInHalves() {
        decode(0x89, 0x57, 0x04); // mov %edx,4(%rdi)
        regs.set(GuestRegisters.RDX, 0xaaaa_bbbb_cccc_ddddL);
        assertThat(store(ENTRY + 4)).isEqualTo(0xcccc_dddd_2345_6067L);
    }

    @Test
    void aMovImmediateIsSignExtended() {
        decode(0x48, 0xc7, 0x07, 0xfe, 0xff, 0xff, 0xff); // movq $-2,(%rdi)
        assertThat(store(ENTRY)).isEqualTo(-2);
    }

    @Test
    void aHighByteRegisterIsBitsEightToFifteen() {
        decode(0x86, 0x27); // xchg %ah,(%rdi)
        regs.set(GuestRegisters.RAX, 0x1111_2222_3333_4455L);
        assertThat(store(ENTRY)).isEqualTo(PTE & ~0xff | 0x44);
        assertThat(regs.get(GuestRegisters.RAX)).isEqualTo(0x1111_2222_3333_6755L);
    }

    @Test
    void aRepeatedStringStoreAdvancesAfterItsLastRepetition() {
        decode(0xf3, 0x48, 0xab); // rep stosq
        regs.with(GuestRegisters.RAX, 0x7).with(GuestRegisters.RCX, 2);
        assertThat(store(ENTRY)).isEqualTo(7);
        assertThat(regs.rip()).isEqualTo(RIP);
        assertThat(regs.get(GuestRegisters.RCX)).isEqualTo(1);
        assertThat(store(ENTRY + 8)).isEqualTo(7);
        assertThat(regs.rip()).isEqualTo(RIP + 3);
        assertThat(regs.get(GuestRegisters.RDI)).isEqualTo(ENTRY + 16);
        assertThat(regs.get(GuestRegisters.RCX)).isZero();
    }

    @Test
    void aRepeatedStringStoreOfNothingStoresNothing() {
        decode(0xf3, 0x48, 0xab);
        assertThat(store(ENTRY)).isEqualTo(PTE);
        assertThat(regs.rip()).isEqualTo(RIP + 3);
        assertThat(regs.get(GuestRegisters.RDI)).isEqualTo(ENTRY);
    }

    @Test
    void stringStoresGoDownWithTheDirectionFlag() {
        decode(0xaa); // stosb
        regs.rflags(Rflags.DF);
        store(ENTRY);
        assertThat(regs.get(GuestRegisters.RDI)).isEqualTo(ENTRY - 1);
    }

    @Test
    void aCompletedStoreClearsTheResumeFlag() {
        decode(0x48, 0x89, 0x17); // mov %rdx,(%rdi)
        regs.rflags(Rflags.RF | Rflags.CF);
        store(ENTRY);
        assertThat(regs.rflags()).isEqualTo(Rflags.CF);
    }

    @Test
    void computingTheNewWordChangesNoRegister() {
        decode(0x48, 0x0f, 0xc1, 0x17); // xadd %rdx,(%rdi)
        regs.set(GuestRegisters.RDX, 1);
        long[] before = regs.values.clone();
        assertThat(PageTableWrite.newWord(in, regs, PTE, 0)).isEqualTo(PTE + 1);
        assertThat(regs.values).isEqualTo(before);
        assertThat(regs.rip()).isEqualTo(RIP);
    }

    @Test
    void aStoreBeyondTheEntryIsRefused() {
        decode(0x48, 0x89, 0x57, 0x01); // mov %rdx,1(%rdi)
        assertThat(PageTableWrite.admit(in, regs, bases, ENTRY + 1)).isEqualTo(PageTableWrite.CROSSES_ENTRY);
        decode(0x66, 0x89, 0x57, 0x07); // mov %dx,7(%rdi)
        assertThat(PageTableWrite.admit(in, regs, bases, ENTRY + 7)).isEqualTo(PageTableWrite.CROSSES_ENTRY);
    }

    @Test
    void aStoreThatBeganOnThePageBeforeIsRefused() {
        decode(0x48, 0x89, 0x57, 0xf4); // mov %rdx,-12(%rdi): four bytes on either side of ENTRY - 8
        assertThat(PageTableWrite.admit(in, regs, bases, ENTRY - 8)).isEqualTo(PageTableWrite.OTHER_ADDRESS);
    }

    @Test
    void whatDoesNotStoreIsRefused() {
        decode(0x48, 0x8b, 0x17); // mov (%rdi),%rdx
        assertThat(PageTableWrite.admit(in, regs, bases, ENTRY)).isEqualTo(PageTableWrite.NOT_A_STORE);
        decode(0x48, 0x89, 0xd7); // mov %rdx,%rdi
        assertThat(PageTableWrite.admit(in, regs, bases, ENTRY)).isEqualTo(PageTableWrite.NOT_A_STORE);
        decode(0x0f, 0x32); // rdmsr
        assertThat(PageTableWrite.admit(in, regs, bases, ENTRY)).isEqualTo(PageTableWrite.NOT_A_STORE);
    }

    @Test
    void loadsExtendAsTheirOpcodeSays() {
        decode(0x48, 0x0f, 0xbe, 0x07); // movsbq (%rdi),%rax
        MemoryRead.complete(in, regs, 0x1280);
        assertThat(regs.get(GuestRegisters.RAX)).isEqualTo(-128);
        decode(0x0f, 0xb7, 0x07); // movzwl (%rdi),%eax
        MemoryRead.complete(in, regs, 0xf_ffffL);
        assertThat(regs.get(GuestRegisters.RAX)).isEqualTo(0xffff);
        decode(0x8a, 0x07); // mov (%rdi),%al
        MemoryRead.complete(in, regs, 0x12);
        assertThat(regs.get(GuestRegisters.RAX)).isEqualTo(0xff12);
        assertThat(regs.rip()).isEqualTo(RIP + 4 + 3 + 2);
    }

    private void decode(int... code) {
        byte[] bytes = new byte[code.length];
        for (int i = 0; i < code.length; i++) {
            bytes[i] = (byte) code[i];
        }
        assertThat(decoder.decode(bytes, bytes.length, in)).isEqualTo(code.length);
    }

    /// The whole emulation of a store that faulted at `address`, whose entry holds [#PTE]; returns the new entry.
    private long store(long address) {
        int offset = PageTableWrite.admit(in, regs, bases, address);
        assertThat(offset).isEqualTo((int) address & 7);
        long word = PageTableWrite.newWord(in, regs, PTE, offset);
        PageTableWrite.complete(in, regs, PTE, offset);
        return word;
    }
}
