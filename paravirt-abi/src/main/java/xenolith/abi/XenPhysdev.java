package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.getU16;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.setU16;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u16;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.u64;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// Physical device operations, from xen/include/public/physdev.h.
///
/// An ordinary domain needs set_iopl and set_iobitmap; the rest is for domains with passed-through devices, and only
/// the arguments that a guest may try are laid out.
public final class XenPhysdev {
    public static final int PHYSDEVOP_IRQ_UNMASK_NOTIFY = 4;
    public static final int PHYSDEVOP_IRQ_STATUS_QUERY = 5;
    public static final int PHYSDEVOP_SET_IOPL = 6;
    public static final int PHYSDEVOP_SET_IOBITMAP = 7;
    public static final int PHYSDEVOP_APIC_READ = 8;
    public static final int PHYSDEVOP_APIC_WRITE = 9;
    public static final int PHYSDEVOP_ALLOC_IRQ_VECTOR = 10;
    public static final int PHYSDEVOP_FREE_IRQ_VECTOR = 11;
    public static final int PHYSDEVOP_EOI = 12;
    public static final int PHYSDEVOP_MAP_PIRQ = 13;
    public static final int PHYSDEVOP_UNMAP_PIRQ = 14;
    public static final int PHYSDEVOP_MANAGE_PCI_ADD = 15;
    public static final int PHYSDEVOP_MANAGE_PCI_REMOVE = 16;
    public static final int PHYSDEVOP_PIRQ_EOI_GMFN_V1 = 17;
    public static final int PHYSDEVOP_RESTORE_MSI = 19;
    public static final int PHYSDEVOP_MANAGE_PCI_ADD_EXT = 20;
    public static final int PHYSDEVOP_SETUP_GSI = 21;
    public static final int PHYSDEVOP_GET_FREE_PIRQ = 23;
    public static final int PHYSDEVOP_PCI_MMCFG_RESERVED = 24;
    public static final int PHYSDEVOP_PCI_DEVICE_ADD = 25;
    public static final int PHYSDEVOP_PCI_DEVICE_REMOVE = 26;
    public static final int PHYSDEVOP_RESTORE_MSI_EXT = 27;
    public static final int PHYSDEVOP_PIRQ_EOI_GMFN_V2 = 28;
    public static final int PHYSDEVOP_DBGP_OP = 29;
    public static final int PHYSDEVOP_PREPARE_MSIX = 30;
    public static final int PHYSDEVOP_RELEASE_MSIX = 31;

    public static final int XENIRQSTAT_NEEDS_EOI = 1;
    public static final int XENIRQSTAT_SHARED = 2;

    private XenPhysdev() {
    }

    /// Sets the virtual I/O privilege level, 0 to 3; larger is -EINVAL.
    public static final class SetIopl {
        public static final StructLayout LAYOUT = struct("physdev_set_iopl", u32("iopl"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long IOPL = offsetOf(LAYOUT, "iopl");

        private SetIopl() {
        }

        public static int iopl(MemorySegment s, long base) { return s.get(JAVA_INT, base + IOPL); }
        public static void iopl(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + IOPL, v); }
    }

    /// `bitmap` is a guest address, 0 for none; `nr_ports` at most 65536.
    public static final class SetIobitmap {
        public static final StructLayout LAYOUT = struct("physdev_set_iobitmap", u64("bitmap"), u32("nr_ports"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long BITMAP = offsetOf(LAYOUT, "bitmap");
        private static final long NR_PORTS = offsetOf(LAYOUT, "nr_ports");

        private SetIobitmap() {
        }

        public static long bitmap(MemorySegment s, long base) { return s.get(JAVA_LONG, base + BITMAP); }
        public static void bitmap(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + BITMAP, v); }
        public static int nrPorts(MemorySegment s, long base) { return s.get(JAVA_INT, base + NR_PORTS); }
        public static void nrPorts(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + NR_PORTS, v); }
    }

    /// A page of bits that say which interrupts need an end-of-interrupt call.
    public static final class PirqEoiGmfn {
        public static final StructLayout LAYOUT = struct("physdev_pirq_eoi_gmfn", u64("gmfn"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long GMFN = offsetOf(LAYOUT, "gmfn");

        private PirqEoiGmfn() {
        }

        public static long gmfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + GMFN); }
        public static void gmfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + GMFN, v); }
    }

    public static final class IrqStatusQuery {
        public static final StructLayout LAYOUT = struct("physdev_irq_status_query", u32("irq"), u32("flags"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long IRQ = offsetOf(LAYOUT, "irq");
        private static final long FLAGS = offsetOf(LAYOUT, "flags");

        private IrqStatusQuery() {
        }

        public static int irq(MemorySegment s, long base) { return s.get(JAVA_INT, base + IRQ); }
        public static void irq(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + IRQ, v); }
        public static int flags(MemorySegment s, long base) { return s.get(JAVA_INT, base + FLAGS); }
        public static void flags(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + FLAGS, v); }
    }

    public static final class Eoi {
        public static final StructLayout LAYOUT = struct("physdev_eoi", u32("irq"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long IRQ = offsetOf(LAYOUT, "irq");

        private Eoi() {
        }

        public static int irq(MemorySegment s, long base) { return s.get(JAVA_INT, base + IRQ); }
        public static void irq(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + IRQ, v); }
    }

    public static final class MapPirq {
        public static final StructLayout LAYOUT = struct("physdev_map_pirq",
                u16("domid"), u32("type"), u32("index"), u32("pirq"), u32("bus"), u32("devfn"), u32("entry_nr"),
                u64("table_base"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOMID = offsetOf(LAYOUT, "domid");
        private static final long TYPE = offsetOf(LAYOUT, "type");
        private static final long INDEX = offsetOf(LAYOUT, "index");
        private static final long PIRQ = offsetOf(LAYOUT, "pirq");
        private static final long BUS = offsetOf(LAYOUT, "bus");
        private static final long DEVFN = offsetOf(LAYOUT, "devfn");
        private static final long ENTRY_NR = offsetOf(LAYOUT, "entry_nr");
        private static final long TABLE_BASE = offsetOf(LAYOUT, "table_base");

        private MapPirq() {
        }

        public static int domid(MemorySegment s, long base) { return getU16(s, base + DOMID); }
        public static void domid(MemorySegment s, long base, int v) { setU16(s, base + DOMID, v); }
        public static int type(MemorySegment s, long base) { return s.get(JAVA_INT, base + TYPE); }
        public static void type(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + TYPE, v); }
        public static int index(MemorySegment s, long base) { return s.get(JAVA_INT, base + INDEX); }
        public static void index(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + INDEX, v); }
        public static int pirq(MemorySegment s, long base) { return s.get(JAVA_INT, base + PIRQ); }
        public static void pirq(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PIRQ, v); }
        public static int bus(MemorySegment s, long base) { return s.get(JAVA_INT, base + BUS); }
        public static void bus(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + BUS, v); }
        public static int devfn(MemorySegment s, long base) { return s.get(JAVA_INT, base + DEVFN); }
        public static void devfn(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + DEVFN, v); }
        public static int entryNr(MemorySegment s, long base) { return s.get(JAVA_INT, base + ENTRY_NR); }
        public static void entryNr(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + ENTRY_NR, v); }
        public static long tableBase(MemorySegment s, long base) { return s.get(JAVA_LONG, base + TABLE_BASE); }
        public static void tableBase(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + TABLE_BASE, v); }
    }

    public static final class UnmapPirq {
        public static final StructLayout LAYOUT = struct("physdev_unmap_pirq", u16("domid"), u32("pirq"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOMID = offsetOf(LAYOUT, "domid");
        private static final long PIRQ = offsetOf(LAYOUT, "pirq");

        private UnmapPirq() {
        }

        public static int domid(MemorySegment s, long base) { return getU16(s, base + DOMID); }
        public static void domid(MemorySegment s, long base, int v) { setU16(s, base + DOMID, v); }
        public static int pirq(MemorySegment s, long base) { return s.get(JAVA_INT, base + PIRQ); }
        public static void pirq(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PIRQ, v); }
    }

    public static final class GetFreePirq {
        public static final StructLayout LAYOUT = struct("physdev_get_free_pirq", u32("type"), u32("pirq"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long TYPE = offsetOf(LAYOUT, "type");
        private static final long PIRQ = offsetOf(LAYOUT, "pirq");

        private GetFreePirq() {
        }

        public static int type(MemorySegment s, long base) { return s.get(JAVA_INT, base + TYPE); }
        public static void type(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + TYPE, v); }
        public static int pirq(MemorySegment s, long base) { return s.get(JAVA_INT, base + PIRQ); }
        public static void pirq(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PIRQ, v); }
    }
}
