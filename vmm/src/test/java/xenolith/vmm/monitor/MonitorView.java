package xenolith.vmm.monitor;

import xenolith.vmm.guest.MachineMemory;

/// What a processor sees of the monitor: walks its page tables from an L4 entry, as hardware does.
public final class MonitorView {
    public static final long PRESENT = 1;
    public static final long WRITABLE = 2;
    public static final long RING3 = 4;
    private static final long LARGE = 0x80;
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;

    private final MachineMemory memory;
    private final long slotEntry;

    /// @param slotEntry a root's entry of the monitor's slot
    public MonitorView(MachineMemory memory, long slotEntry) {
        this.memory = memory;
        this.slotEntry = slotEntry;
    }

    /// The rights of all levels together, [#PRESENT], [#WRITABLE] and [#RING3]; 0 if nothing is mapped.
    public long rights(long va) {
        return walk(va) & 7;
    }

    /// The machine address that `va` leads to, which must be mapped.
    public long ma(long va) {
        long leaf = walk(va);
        if ((leaf & PRESENT) == 0) {
            throw new IllegalStateException("not mapped: " + Long.toHexString(va));
        }
        return leaf & ADDRESS | va & 0xfff;
    }

    public long word(long va) {
        return memory.readWord(ma(va));
    }

    /// Word `field` of the super page of vcpu `id`, as its stubs read it.
    public long superWord(int id, String field) {
        return word(MonitorAbi.windowVa(id) + MonitorAbi.W_ALIAS + MonitorAbi.superOffset(field));
    }

    public void superWord(int id, String field, long value) {
        memory.writeWord(ma(MonitorAbi.windowVa(id) + MonitorAbi.W_ALIAS + MonitorAbi.superOffset(field)), value);
    }

    /// The address in a frame, with the rights in its lowest bits.
    private long walk(long va) {
        long entry = slotEntry;
        long rights = entry & 7;
        for (int shift = 30; shift >= 12; shift -= 9) {
            if ((entry & PRESENT) == 0) {
                return 0;
            }
            entry = memory.readWord((entry & ADDRESS) + (va >>> shift & 511) * 8);
            rights &= entry & 7;
            if (shift == 21 && (entry & LARGE) != 0) {
                return (entry & ADDRESS & -0x20_0000L) + (va & 0x1f_f000) | rights;
            }
        }
        return (entry & PRESENT) == 0 ? 0 : entry & ADDRESS | rights;
    }
}
