package xenolith.vmm.monitor;

import xenolith.vmm.guest.MachineMemory;

/// Segment descriptors, gates and the TSS in the hardware's formats (Intel SDM volume 3, chapters 3, 6 and 7).
public final class Descriptors {
    public static final long CODE64_DPL0 = 0x00af_9b00_0000_ffffL;
    public static final long CODE64_DPL3 = 0x00af_fb00_0000_ffffL;
    private static final long CODE32_DPL3 = 0x00cf_fb00_0000_ffffL;
    public static final long DATA_DPL0 = 0x00cf_9300_0000_ffffL;
    public static final long DATA_DPL3 = 0x00cf_f300_0000_ffffL;
    private static final long TSS_AVAILABLE = 0x0000_8b00_0000_0000L;
    private static final long LDT = 0x0000_8200_0000_0000L;
    private static final int TSS_LIMIT = 0x67;

    private Descriptors() {
    }

    /// The flat segments that Xen promises, and ours.
    static void writeReserved(MachineMemory memory, long gdtMa, long tssVa, long ldtVa) {
        memory.writeWord(gdtMa + MonitorAbi.RING0_CS, CODE64_DPL0);
        memory.writeWord(gdtMa + MonitorAbi.RING0_SS, DATA_DPL0);
        memory.writeWord(gdtMa + (MonitorAbi.GUEST_CS32 & -8), CODE32_DPL3);
        memory.writeWord(gdtMa + (MonitorAbi.GUEST_SS & -8), DATA_DPL3);
        memory.writeWord(gdtMa + (MonitorAbi.GUEST_CS & -8), CODE64_DPL3);
        writeSystem(memory, gdtMa + MonitorAbi.TSS_SELECTOR, TSS_AVAILABLE | TSS_LIMIT, tssVa);
        writeSystem(memory, gdtMa + MonitorAbi.LDT_SELECTOR, LDT | MonitorAbi.LDT_BYTES - 1, ldtVa);
    }

    private static void writeSystem(MachineMemory memory, long ma, long typeAndLimit, long base) {
        memory.writeWord(ma, typeAndLimit | (base & 0xffffffL) << 16 | (base >>> 24 & 0xff) << 56);
        memory.writeWord(ma + 8, base >>> 32);
    }

    public static void writeGate(MachineMemory memory, long ma, long target, int selector, int typeAndDpl, int ist) {
        memory.writeWord(ma, (target & 0xffff) | (long) selector << 16 | (long) ist << 32
                | (long) typeAndDpl << 40 | (target >>> 16 & 0xffff) << 48);
        memory.writeWord(ma + 8, target >>> 32);
    }

    /// RSP0 and IST1 at `stackTop`; the I/O map lies beyond the limit, so that ring 3 reaches no port.
    public static void writeTss(MachineMemory memory, long ma, long stackTop) {
        writeUnaligned(memory, ma + 4, stackTop);
        writeUnaligned(memory, ma + 0x24, stackTop);
        memory.writeInt(ma + 0x64, (TSS_LIMIT + 1) << 16);
    }

    /// IST2, the stack of debug exceptions.
    static void writeDebugStack(MachineMemory memory, long ma, long stackTop) {
        writeUnaligned(memory, ma + 0x2c, stackTop);
    }

    private static void writeUnaligned(MachineMemory memory, long ma, long value) {
        memory.writeInt(ma, (int) value);
        memory.writeInt(ma + 4, (int) (value >>> 32));
    }
}
