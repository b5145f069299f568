package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.u64;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// `struct shared_info` and its x86 part, from xen/include/public/xen.h and arch-x86/xen.h.
///
/// One page for each domain, not among its pseudo-physical frames: the guest maps it by the machine address in
/// start_info. Both sides write the event words, so those have only atomic and volatile forms.
public final class XenSharedInfo {
    /// Virtual CPUs beyond this number must register their `vcpu_info` before they can get events.
    public static final int XEN_LEGACY_MAX_VCPUS = 32;
    /// Ports of the two-level interface: 64 words of 64 bits.
    public static final int EVTCHN_2L_NR_CHANNELS = 4096;

    public static final StructLayout LAYOUT = struct("shared_info",
            array("vcpu_info", XEN_LEGACY_MAX_VCPUS, XenVcpuInfo.LAYOUT),
            array("evtchn_pending", 64, JAVA_LONG),
            array("evtchn_mask", 64, JAVA_LONG),
            u32("wc_version"), u32("wc_sec"), u32("wc_nsec"), u32("wc_sec_hi"),
            ArchSharedInfo.LAYOUT.withName("arch"));
    public static final long SIZEOF = LAYOUT.byteSize();
    public static final long VCPU_INFO_OFFSET = offsetOf(LAYOUT, "vcpu_info");
    public static final long EVTCHN_PENDING_OFFSET = offsetOf(LAYOUT, "evtchn_pending");
    public static final long EVTCHN_MASK_OFFSET = offsetOf(LAYOUT, "evtchn_mask");
    public static final long WC_VERSION_OFFSET = offsetOf(LAYOUT, "wc_version");
    public static final long WC_SEC_OFFSET = offsetOf(LAYOUT, "wc_sec");
    public static final long WC_NSEC_OFFSET = offsetOf(LAYOUT, "wc_nsec");
    public static final long WC_SEC_HI_OFFSET = offsetOf(LAYOUT, "wc_sec_hi");
    public static final long ARCH_OFFSET = offsetOf(LAYOUT, "arch");

    private XenSharedInfo() {
    }

    public static int wcVersion(MemorySegment s, long base) { return s.get(JAVA_INT, base + WC_VERSION_OFFSET); }
    public static void wcVersion(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + WC_VERSION_OFFSET, v); }
    public static int wcSec(MemorySegment s, long base) { return s.get(JAVA_INT, base + WC_SEC_OFFSET); }
    public static void wcSec(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + WC_SEC_OFFSET, v); }
    public static int wcNsec(MemorySegment s, long base) { return s.get(JAVA_INT, base + WC_NSEC_OFFSET); }
    public static void wcNsec(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + WC_NSEC_OFFSET, v); }
    public static int wcSecHi(MemorySegment s, long base) { return s.get(JAVA_INT, base + WC_SEC_HI_OFFSET); }
    public static void wcSecHi(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + WC_SEC_HI_OFFSET, v); }

    /// Where the built-in [XenVcpuInfo] of `vcpu` stands; only the first [#XEN_LEGACY_MAX_VCPUS] have one.
    public static long vcpuInfo(long base, int vcpu) {
        return base + VCPU_INFO_OFFSET + XenVcpuInfo.SIZEOF * vcpu;
    }

    /// Word `word` of the pending bits; port p is bit p % 64 of word p / 64.
    public static long evtchnPending(MemorySegment s, long base, int word) {
        return SharedWord.getLongVolatile(s, base + EVTCHN_PENDING_OFFSET + Long.BYTES * (long) word);
    }

    public static void evtchnPending(MemorySegment s, long base, int word, long v) {
        SharedWord.setLongVolatile(s, base + EVTCHN_PENDING_OFFSET + Long.BYTES * (long) word, v);
    }

    /// Raises ports and returns the word as it was: a port that was pending already needs no upcall.
    public static long evtchnPendingOr(MemorySegment s, long base, int word, long mask) {
        return SharedWord.getAndOrLong(s, base + EVTCHN_PENDING_OFFSET + Long.BYTES * (long) word, mask);
    }

    /// Lowers ports, as closing a channel does, and returns the word as it was.
    public static long evtchnPendingClear(MemorySegment s, long base, int word, long mask) {
        return SharedWord.getAndClearLong(s, base + EVTCHN_PENDING_OFFSET + Long.BYTES * (long) word, mask);
    }

    /// Word `word` of the mask bits, set by the guest for ports that it does not want to hear of.
    public static long evtchnMask(MemorySegment s, long base, int word) {
        return SharedWord.getLongVolatile(s, base + EVTCHN_MASK_OFFSET + Long.BYTES * (long) word);
    }

    public static void evtchnMask(MemorySegment s, long base, int word, long v) {
        SharedWord.setLongVolatile(s, base + EVTCHN_MASK_OFFSET + Long.BYTES * (long) word, v);
    }

    /// Unmasks ports, as EVTCHNOP_unmask does, and returns the word as it was.
    public static long evtchnMaskClear(MemorySegment s, long base, int word, long mask) {
        return SharedWord.getAndClearLong(s, base + EVTCHN_MASK_OFFSET + Long.BYTES * (long) word, mask);
    }

    /// Publishes the wall clock: the guest retries while the version is odd or changed.
    public static void wcVersionRelease(MemorySegment s, long base, int v) {
        SharedWord.setIntRelease(s, base + WC_VERSION_OFFSET, v);
    }

    /// Where the [ArchSharedInfo] of the `shared_info` at `base` stands.
    public static long arch(long base) {
        return base + ARCH_OFFSET;
    }

    /// `struct arch_shared_info`: where the guest tells the toolstack its phys-to-machine list.
    ///
    /// `p2m_cr3` not zero means a linear list at `p2m_vaddr` in those page tables, with `p2m_generation` odd while it
    /// changes; otherwise `pfn_to_mfn_frame_list_list` is the root of a tree of three levels. All of it is the guest's
    /// claim.
    public static final class ArchSharedInfo {
        public static final StructLayout LAYOUT = struct("arch_shared_info",
                u64("max_pfn"), u64("pfn_to_mfn_frame_list_list"), u64("nmi_reason"), u64("p2m_cr3"),
                u64("p2m_vaddr"), u64("p2m_generation"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long MAX_PFN = offsetOf(LAYOUT, "max_pfn");
        private static final long PFN_TO_MFN_FRAME_LIST_LIST = offsetOf(LAYOUT, "pfn_to_mfn_frame_list_list");
        private static final long NMI_REASON = offsetOf(LAYOUT, "nmi_reason");
        private static final long P2M_CR3 = offsetOf(LAYOUT, "p2m_cr3");
        private static final long P2M_VADDR = offsetOf(LAYOUT, "p2m_vaddr");
        private static final long P2M_GENERATION = offsetOf(LAYOUT, "p2m_generation");

        private ArchSharedInfo() {
        }

        public static long maxPfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + MAX_PFN); }
        public static void maxPfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + MAX_PFN, v); }
        public static long pfnToMfnFrameListList(MemorySegment s, long base) {
            return s.get(JAVA_LONG, base + PFN_TO_MFN_FRAME_LIST_LIST);
        }
        public static void pfnToMfnFrameListList(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + PFN_TO_MFN_FRAME_LIST_LIST, v);
        }
        public static long nmiReason(MemorySegment s, long base) { return s.get(JAVA_LONG, base + NMI_REASON); }
        public static void nmiReason(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + NMI_REASON, v); }
        public static long p2mCr3(MemorySegment s, long base) { return s.get(JAVA_LONG, base + P2M_CR3); }
        public static void p2mCr3(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + P2M_CR3, v); }
        public static long p2mVaddr(MemorySegment s, long base) { return s.get(JAVA_LONG, base + P2M_VADDR); }
        public static void p2mVaddr(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + P2M_VADDR, v); }
        public static long p2mGeneration(MemorySegment s, long base) { return s.get(JAVA_LONG, base + P2M_GENERATION); }
        public static void p2mGeneration(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + P2M_GENERATION, v);
        }
    }
}
