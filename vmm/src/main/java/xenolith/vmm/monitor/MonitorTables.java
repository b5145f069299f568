package xenolith.vmm.monitor;

import xenolith.vmm.guest.FrameAllocator;
import xenolith.vmm.guest.MachineMemory;

/// The monitor's own page tables: two trees under one L4 slot, one for the guest's kernel roots and one for its user
/// roots. Only we write them and the guest never sees them, so nothing here is validated.
public final class MonitorTables {
    /// Which trees a mapping goes into.
    public static final int KERNEL = 1;
    static final int USER = 2;
    static final int BOTH = KERNEL | USER;

    public static final long WRITABLE = 2;
    public static final long RING3 = 4;
    private static final long PRESENT = 1;
    private static final long ACCESSED_DIRTY = 0x60;
    private static final long LARGE = 0x80;
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;
    private static final long TABLE = PRESENT | WRITABLE | RING3 | 0x20;
    private static final int LARGE_SHIFT = 21;
    private static final int L3_SHIFT = 30;

    private final MachineMemory memory;
    private final FrameAllocator frames;
    private final long kernelL3;
    private final long userL3;

    public MonitorTables(MachineMemory memory, FrameAllocator frames) {
        this.memory = memory;
        this.frames = frames;
        this.kernelL3 = newTable();
        this.userL3 = newTable();
    }

    /// The L4 entry that makes a root a kernel root.
    public long kernelSlotEntry() {
        return kernelL3 | TABLE;
    }

    /// The L4 entry that makes a root a user root.
    long userSlotEntry() {
        return userL3 | TABLE;
    }

    /// An L4 entry, read-only, for a slot at whose start stands what kernel roots have from `va` on, for `byteLength`
    /// bytes rounded up to 1 GiB; all of that must be mapped already. The tables below are shared.
    long readOnlyAlias(long va, long byteLength) {
        long l3 = newTable();
        for (long at = 0; at < byteLength; at += 1L << L3_SHIFT) {
            memory.writeWord(l3 + index(at, L3_SHIFT) * 8, memory.readWord(kernelL3 + index(va + at, L3_SHIFT) * 8));
        }
        return l3 | TABLE & ~WRITABLE;
    }

    /// Maps one 4 KiB page and returns the machine address of its entry in the last of the chosen trees.
    public long map(int trees, long va, long ma, long rights) {
        long entry = 0;
        if ((trees & USER) != 0) {
            entry = map4k(userL3, va, ma, rights);
        }
        if ((trees & KERNEL) != 0) {
            entry = map4k(kernelL3, va, ma, rights);
        }
        return entry;
    }

    /// Maps `byteLength` bytes of contiguous machine memory, rounded up to 2 MiB, into kernel roots.
    void mapLarge(long va, long ma, long byteLength, long rights) {
        long step = 1L << LARGE_SHIFT;
        for (long at = 0; at < byteLength; at += step) {
            long l2 = child(kernelL3, va + at, L3_SHIFT);
            memory.writeWord(l2 + index(va + at, LARGE_SHIFT) * 8,
                    (ma + at) | PRESENT | LARGE | ACCESSED_DIRTY | rights);
        }
    }

    public static long leaf(long ma, long rights) {
        return ma | PRESENT | ACCESSED_DIRTY | rights;
    }

    private long map4k(long l3, long va, long ma, long rights) {
        long l1 = child(child(l3, va, L3_SHIFT), va, LARGE_SHIFT);
        long entry = l1 + index(va, 12) * 8;
        memory.writeWord(entry, leaf(ma, rights));
        return entry;
    }

    private long child(long table, long va, int shift) {
        long entry = table + index(va, shift) * 8;
        long value = memory.readWord(entry);
        if ((value & PRESENT) == 0) {
            value = newTable() | TABLE;
            memory.writeWord(entry, value);
        }
        return value & ADDRESS;
    }

    private long newTable() {
        return frames.allocate(1) << MachineMemory.PAGE_SHIFT;
    }

    private static long index(long va, int shift) {
        return va >>> shift & 511;
    }
}
