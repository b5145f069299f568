package xenolith.vmm.machine;

import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.emul.Decoder;
import xenolith.vmm.emul.Instruction;
import xenolith.vmm.emul.PageTableWrite;
import xenolith.vmm.emul.SegmentBases;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageTables;

/// A guest kernel's plain store to a page table, which is mapped read-only: emulated after the validator's consent
/// (`VMASST_TYPE_writable_pagetables`). Linux does so with XCHG and with LOCK AND.
final class PageTableTrap {
    private static final long PRESENT_WRITE = 3;
    private static final long PTE_PRESENT = 1;
    private static final long PTE_WRITABLE = 2;
    private static final long PTE_ADDRESS = 0x000f_ffff_ffff_f000L;
    /// The hardware may change accessed and dirty bits between our read and our exchange; not for ever.
    private static final int ATTEMPTS = 8;

    private final Domain domain;
    private final Vcpu vcpu;
    private final GuestCpu cpu;
    private final SegmentBases bases;
    private final Decoder decoder = new Decoder();
    private final Instruction instruction = new Instruction();
    private final byte[] code = new byte[Decoder.MAX_LENGTH];

    PageTableTrap(Vcpu vcpu, GuestCpu cpu, SegmentBases bases) {
        this.vcpu = vcpu;
        this.domain = vcpu.domain();
        this.cpu = cpu;
        this.bases = bases;
    }

    /// Emulates the store that faulted at `va`; false if it was none to a level-1 table, or was refused.
    boolean emulate(long error, long va) {
        if ((error & PRESENT_WRITE) != PRESENT_WRITE || !domain.assists().writablePageTables()) {
            return false;
        }
        PageTables tables = domain.pageTables();
        long root = vcpu.window().kernelCr3() >>> MachineMemory.PAGE_SHIFT;
        long mappingMa = tables.leafEntryMa(root, va);
        if (mappingMa < 0) {
            return false;
        }
        long mapping = domain.memory().readWord(mappingMa);
        long entryMa = mapping & PTE_ADDRESS | va & MachineMemory.PAGE_SIZE - 8;
        if ((mapping & (PTE_PRESENT | PTE_WRITABLE)) != PTE_PRESENT || !tables.isLiveL1(entryMa)) {
            return false;
        }
        int length = domain.guestMemory().copyInWhatIsThere(root, cpu.rip(), code, code.length);
        if (decoder.decode(code, length, instruction) <= 0) {
            return false;
        }
        int offset = PageTableWrite.admit(instruction, cpu, bases, va);
        return offset >= 0 && store(tables, entryMa, offset);
    }

    private boolean store(PageTables tables, long entryMa, int offset) {
        if (domain.refusalTrace().isOn()) {
            domain.refusalTrace().asks(vcpu.id(), cpu.rip());
        }
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            long word = domain.memory().readWord(entryMa);
            long rc = tables.emulatedWrite(entryMa, word, PageTableWrite.newWord(instruction, cpu, word, offset));
            if (rc == 0) {
                PageTableWrite.complete(instruction, cpu, word, offset);
                return true;
            }
            if (rc != PageTables.RETRY) {
                return false;
            }
        }
        // A commit comes first; then the guest executes its store again.
        domain.commits().require();
        return true;
    }
}
