package xenolith.vmm.host;

import java.lang.foreign.MemorySegment;
import xenolith.vmm.guest.FrameAllocator;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.monitor.Descriptors;
import xenolith.vmm.monitor.MonitorAbi;
import xenolith.vmm.monitor.MonitorTables;

/// What lies in the memory of a [ProbeGuest]: page tables, descriptor tables, the code, and pages to try things on.
/// Every slot from 256 on leads to the same L3.
final class ProbeMemory {
    static final long PAGE = MachineMemory.PAGE_SIZE;
    static final long BELL_MA = MonitorAbi.CALL_BELL_MA;
    static final int RING0_CS = 0x10;
    static final int RING0_SS = 0x18;
    static final int RING3_SS = 0x2b;
    static final int RING3_CS = 0x33;
    static final int TSS_SELECTOR = 0x40;
    static final int GATE_SOFT = 4;
    private static final int GATE_DPL0 = 0x8e;
    private static final int GATE_DPL3 = 0xee;
    private static final int FIRST_SOFT_GATE = 3;
    private static final int IST1 = 1;
    private static final int VECTORS = 256;
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;
    private static final int L3_SHIFT = 30;
    private static final int L2_SHIFT = 21;

    final MachineMemory memory;
    final ProbeImage image;
    private final FrameAllocator frames;
    private final MonitorTables tables;
    private final long root;
    private final long idtMa;

    ProbeMemory(MemorySegment segment) {
        this.memory = new MachineMemory(segment);
        this.frames = new FrameAllocator(memory);
        this.image = ProbeImage.load();
        this.tables = new MonitorTables(memory, frames);
        this.root = newFrame();
        for (int slot = Behaviour.FIRST_SLOT; slot <= Behaviour.LAST_SLOT; slot++) {
            memory.writeWord(root + slot * 8L, tables.kernelSlotEntry());
        }
        code("handlers", 0);
        code("ring3", MonitorTables.RING3);
        map("data", newFrame(), MonitorTables.WRITABLE | MonitorTables.RING3);
        map("stack0", newFrame(), MonitorTables.WRITABLE);
        map("bell", BELL_MA, MonitorTables.WRITABLE | MonitorTables.RING3);
        this.idtMa = newFrame();
        map("idt", idtMa, MonitorTables.WRITABLE);
        writeDescriptors();
    }

    private void code(String symbol, long rights) {
        long ma = newFrame();
        image.copyPage(symbol, memory.frame(ma >>> MachineMemory.PAGE_SHIFT));
        map(symbol, ma, rights);
    }

    private void writeDescriptors() {
        long gdtMa = newFrame();
        map("gdt", gdtMa, MonitorTables.WRITABLE);
        memory.writeWord(gdtMa + RING0_CS, Descriptors.CODE64_DPL0);
        memory.writeWord(gdtMa + RING0_SS, Descriptors.DATA_DPL0);
        memory.writeWord(gdtMa + (RING3_SS & -8), Descriptors.DATA_DPL3);
        memory.writeWord(gdtMa + (RING3_CS & -8), Descriptors.CODE64_DPL3);
        memory.writeWord(gdtMa + (image.symbol("tls_selector") & -8), Descriptors.DATA_DPL3);
        long tssMa = newFrame();
        map("tss", tssMa, MonitorTables.WRITABLE);
        Descriptors.writeTss(memory, tssMa, va("stack0") + PAGE);
        for (int vector = 0; vector < VECTORS; vector++) {
            gate(vector, va("handlers") + (long) vector * image.symbol("stub_bytes"));
        }
    }

    /// Lets gate 4 lead to `symbol`.
    void softGate(String symbol) {
        gate(GATE_SOFT, va(symbol));
    }

    private void gate(int vector, long target) {
        boolean soft = vector >= FIRST_SOFT_GATE && vector <= GATE_SOFT || vector == Behaviour.INT80;
        Descriptors.writeGate(memory, idtMa + vector * 16L, target, RING0_CS, soft ? GATE_DPL3 : GATE_DPL0, IST1);
    }

    long root() {
        return root;
    }

    /// Where the guest sees `symbol`.
    long va(String symbol) {
        return MonitorAbi.BASE + image.symbol(symbol);
    }

    /// Maps a page at `symbol` and returns its entry's machine address.
    long map(String symbol, long ma, long rights) {
        return tables.map(MonitorTables.KERNEL, va(symbol), ma, rights);
    }

    /// Maps a page for ring 3, read-write, and returns its entry's machine address.
    long map(long va, long ma) {
        return tables.map(MonitorTables.KERNEL, va, ma, MonitorTables.WRITABLE | MonitorTables.RING3);
    }

    /// The machine address of the level-2 entry for `va`, which is mapped.
    long level2Entry(long va) {
        long l3Entry = (tables.kernelSlotEntry() & ADDRESS) + (va >>> L3_SHIFT & 511) * 8;
        return (memory.readWord(l3Entry) & ADDRESS) + (va >>> L2_SHIFT & 511) * 8;
    }

    /// A zeroed frame's machine address.
    long newFrame() {
        return frames.allocate(1) << MachineMemory.PAGE_SHIFT;
    }

    /// A frame that begins with `word`.
    long newFrame(long word) {
        long ma = newFrame();
        memory.writeWord(ma, word);
        return ma;
    }
}
