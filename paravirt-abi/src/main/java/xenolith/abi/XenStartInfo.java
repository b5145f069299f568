package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.u64;
import static xenolith.abi.CLayout.union;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// `struct start_info`, from xen/include/public/xen.h: what a guest finds behind rsi at its first instruction.
///
/// `shared_info` is a machine address; `pt_base` and `mfn_list` are virtual addresses; `store_mfn` and the console's
/// mfn are machine frames. The guest may overwrite all of it, and does at suspend. The console is written as `domU`
/// only.
public final class XenStartInfo {
    /// What `magic` holds for a 64-bit guest.
    public static final String MAGIC = "xen-3.0-x86_64";
    /// Bytes of `cmd_line` with its terminating zero.
    public static final int MAX_GUEST_CMDLINE = 1024;
    /// The domain may use the control interfaces.
    public static final int SIF_PRIVILEGED = 1;
    /// The first domain.
    public static final int SIF_INITDOMAIN = 1 << 1;
    /// `mod_start` is a list of modules.
    public static final int SIF_MULTIBOOT_MOD = 1 << 2;
    /// `mod_start` is a pfn, not a virtual address.
    public static final int SIF_MOD_START_PFN = 1 << 3;
    /// The guest may keep its phys-to-machine list linear: the tools need no tree.
    public static final int SIF_VIRT_P2M_4TOOLS = 1 << 4;
    /// Power management of the first domain.
    public static final int SIF_PM_MASK = 0xFF << 8;

    private static final int MAGIC_LENGTH = 32;

    public static final StructLayout LAYOUT = struct("start_info",
            array("magic", MAGIC_LENGTH, JAVA_BYTE),
            u64("nr_pages"), u64("shared_info"), u32("flags"),
            u64("store_mfn"), u32("store_evtchn"),
            union("console",
                    struct("domU", u64("mfn"), u32("evtchn")),
                    struct("dom0", u32("info_off"), u32("info_size"))),
            u64("pt_base"), u64("nr_pt_frames"), u64("mfn_list"), u64("mod_start"), u64("mod_len"),
            array("cmd_line", MAX_GUEST_CMDLINE, JAVA_BYTE),
            u64("first_p2m_pfn"), u64("nr_p2m_frames"));
    public static final long SIZEOF = LAYOUT.byteSize();
    public static final long MAGIC_OFFSET = offsetOf(LAYOUT, "magic");
    public static final long NR_PAGES_OFFSET = offsetOf(LAYOUT, "nr_pages");
    public static final long SHARED_INFO_OFFSET = offsetOf(LAYOUT, "shared_info");
    public static final long FLAGS_OFFSET = offsetOf(LAYOUT, "flags");
    public static final long STORE_MFN_OFFSET = offsetOf(LAYOUT, "store_mfn");
    public static final long STORE_EVTCHN_OFFSET = offsetOf(LAYOUT, "store_evtchn");
    public static final long CONSOLE_MFN_OFFSET = offsetOf(LAYOUT, "console", "domU", "mfn");
    public static final long CONSOLE_EVTCHN_OFFSET = offsetOf(LAYOUT, "console", "domU", "evtchn");
    public static final long PT_BASE_OFFSET = offsetOf(LAYOUT, "pt_base");
    public static final long NR_PT_FRAMES_OFFSET = offsetOf(LAYOUT, "nr_pt_frames");
    public static final long MFN_LIST_OFFSET = offsetOf(LAYOUT, "mfn_list");
    public static final long MOD_START_OFFSET = offsetOf(LAYOUT, "mod_start");
    public static final long MOD_LEN_OFFSET = offsetOf(LAYOUT, "mod_len");
    public static final long CMD_LINE_OFFSET = offsetOf(LAYOUT, "cmd_line");
    public static final long FIRST_P2M_PFN_OFFSET = offsetOf(LAYOUT, "first_p2m_pfn");
    public static final long NR_P2M_FRAMES_OFFSET = offsetOf(LAYOUT, "nr_p2m_frames");

    private XenStartInfo() {
    }

    public static long nrPages(MemorySegment s, long base) { return s.get(JAVA_LONG, base + NR_PAGES_OFFSET); }
    public static void nrPages(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + NR_PAGES_OFFSET, v); }
    public static long sharedInfo(MemorySegment s, long base) { return s.get(JAVA_LONG, base + SHARED_INFO_OFFSET); }
    public static void sharedInfo(MemorySegment s, long base, long v) {
        s.set(JAVA_LONG, base + SHARED_INFO_OFFSET, v);
    }
    public static int flags(MemorySegment s, long base) { return s.get(JAVA_INT, base + FLAGS_OFFSET); }
    public static void flags(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + FLAGS_OFFSET, v); }
    public static long storeMfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + STORE_MFN_OFFSET); }
    public static void storeMfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + STORE_MFN_OFFSET, v); }
    public static int storeEvtchn(MemorySegment s, long base) { return s.get(JAVA_INT, base + STORE_EVTCHN_OFFSET); }
    public static void storeEvtchn(MemorySegment s, long base, int v) {
        s.set(JAVA_INT, base + STORE_EVTCHN_OFFSET, v);
    }
    public static long consoleMfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + CONSOLE_MFN_OFFSET); }
    public static void consoleMfn(MemorySegment s, long base, long v) {
        s.set(JAVA_LONG, base + CONSOLE_MFN_OFFSET, v);
    }
    public static int consoleEvtchn(MemorySegment s, long base) {
        return s.get(JAVA_INT, base + CONSOLE_EVTCHN_OFFSET);
    }
    public static void consoleEvtchn(MemorySegment s, long base, int v) {
        s.set(JAVA_INT, base + CONSOLE_EVTCHN_OFFSET, v);
    }
    public static long ptBase(MemorySegment s, long base) { return s.get(JAVA_LONG, base + PT_BASE_OFFSET); }
    public static void ptBase(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + PT_BASE_OFFSET, v); }
    public static long nrPtFrames(MemorySegment s, long base) { return s.get(JAVA_LONG, base + NR_PT_FRAMES_OFFSET); }
    public static void nrPtFrames(MemorySegment s, long base, long v) {
        s.set(JAVA_LONG, base + NR_PT_FRAMES_OFFSET, v);
    }
    public static long mfnList(MemorySegment s, long base) { return s.get(JAVA_LONG, base + MFN_LIST_OFFSET); }
    public static void mfnList(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + MFN_LIST_OFFSET, v); }
    public static long modStart(MemorySegment s, long base) { return s.get(JAVA_LONG, base + MOD_START_OFFSET); }
    public static void modStart(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + MOD_START_OFFSET, v); }
    public static long modLen(MemorySegment s, long base) { return s.get(JAVA_LONG, base + MOD_LEN_OFFSET); }
    public static void modLen(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + MOD_LEN_OFFSET, v); }
    public static long firstP2mPfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + FIRST_P2M_PFN_OFFSET); }
    public static void firstP2mPfn(MemorySegment s, long base, long v) {
        s.set(JAVA_LONG, base + FIRST_P2M_PFN_OFFSET, v);
    }
    public static long nrP2mFrames(MemorySegment s, long base) { return s.get(JAVA_LONG, base + NR_P2M_FRAMES_OFFSET); }
    public static void nrP2mFrames(MemorySegment s, long base, long v) {
        s.set(JAVA_LONG, base + NR_P2M_FRAMES_OFFSET, v);
    }

    public static String magic(MemorySegment s, long base) {
        return CString.get(s, base + MAGIC_OFFSET, MAGIC_LENGTH);
    }

    public static void magic(MemorySegment s, long base, String v) {
        CString.put(s, base + MAGIC_OFFSET, MAGIC_LENGTH, v);
    }

    public static String cmdLine(MemorySegment s, long base) {
        return CString.get(s, base + CMD_LINE_OFFSET, MAX_GUEST_CMDLINE);
    }

    /// Throws `IllegalArgumentException` if the text with its zero is longer than [#MAX_GUEST_CMDLINE].
    public static void cmdLine(MemorySegment s, long base, String v) {
        CString.put(s, base + CMD_LINE_OFFSET, MAX_GUEST_CMDLINE, v);
    }
}
