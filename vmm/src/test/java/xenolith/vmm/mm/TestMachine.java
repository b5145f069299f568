package xenolith.vmm.mm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import xenolith.vmm.guest.MachineMemory;

/// A machine of a few frames and two domains, half of it each.
final class TestMachine {
    static final int DOM1 = 1;
    static final int DOM2 = 2;
    static final long P = PteBits.PRESENT;
    static final long RW = PteBits.RW;
    static final long U = PteBits.USER;
    static final long A = PteBits.ACCESSED;
    static final long D = PteBits.DIRTY;
    static final long[] HYPERVISOR_SLOTS = {0x1001, 0x2001, 0x3001};
    static final int SLOTS_OF_HYPERVISOR = 16;

    final MachineMemory memory;
    final FrameTable frames;
    final LazyHardware hardware1;
    final LazyHardware hardware2;
    final PageTables dom1;
    final PageTables dom2;
    private final int perDomain;

    TestMachine(int framesPerDomain) {
        this(framesPerDomain, Pieces.TABLES);
    }

    TestMachine(int framesPerDomain, int tablesPerPiece) {
        this.perDomain = framesPerDomain;
        this.memory = new MachineMemory(Arena.ofAuto().allocate(2L * framesPerDomain * 4096, 4096));
        this.frames = new FrameTable(memory.frameCount());
        for (int i = 0; i < framesPerDomain; i++) {
            frames.assign(one(i), DOM1);
            frames.assign(two(i), DOM2);
        }
        this.hardware1 = new LazyHardware(memory, frames, DOM1, HYPERVISOR_SLOTS);
        this.hardware2 = new LazyHardware(memory, frames, DOM2, HYPERVISOR_SLOTS);
        this.dom1 = new PageTables(memory, frames, DOM1, hardware1, tablesPerPiece);
        this.dom2 = new PageTables(memory, frames, DOM2, hardware2, tablesPerPiece);
    }

    TestMachine() {
        this(16);
    }

    /// The frames of domain 1.
    long one(int i) {
        return MachineMemory.BASE_MFN + i;
    }

    /// The frames of domain 2.
    long two(int i) {
        return MachineMemory.BASE_MFN + perDomain + i;
    }

    static long entry(long mfn, long flags) {
        return mfn << 12 | flags;
    }

    static long ma(long mfn, int slot) {
        return (mfn << 12) + slot * 8L;
    }

    /// What a guest that can write the frame stores there: nobody checks.
    void store(long mfn, int slot, long value) {
        memory.writeWord(ma(mfn, slot), value);
    }

    long load(long mfn, int slot) {
        return memory.readWord(ma(mfn, slot));
    }

    /// Pins a chain of frames 0 (L4) – 3 (L1) of domain 1, each in slot 0 of the one above. L1 is empty.
    void pinChain() {
        store(one(0), 0, entry(one(1), P | RW | U));
        store(one(1), 0, entry(one(2), P | RW | U));
        store(one(2), 0, entry(one(3), P | RW | U));
        assertThat(dom1.pin(one(0), 4)).isZero();
    }

    void assertSound() {
        assertThat(Audit.differences(memory, frames)).isEmpty();
        assertThat(hardware1.holes()).isEmpty();
        assertThat(hardware2.holes()).isEmpty();
    }

    void assertCounts(long mfn, int typeCount, int refCount) {
        assertThat(frames.describe(mfn)).contains(" count " + typeCount + "/" + refCount);
    }
}
