package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.u64;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// The xen_version hypercall and the feature numbers, from xen/include/public/version.h and features.h.
public final class XenVersion {
    /// Major in the high half, minor in the low. Linux issues it to have pending events delivered, too.
    public static final int XENVER_VERSION = 0;
    public static final int XENVER_EXTRAVERSION = 1;
    public static final int XENVER_COMPILE_INFO = 2;
    public static final int XENVER_CAPABILITIES = 3;
    public static final int XENVER_CHANGESET = 4;
    public static final int XENVER_PLATFORM_PARAMETERS = 5;
    public static final int XENVER_GET_FEATURES = 6;
    public static final int XENVER_PAGESIZE = 7;
    public static final int XENVER_GUEST_HANDLE = 8;
    public static final int XENVER_COMMANDLINE = 9;
    public static final int XENVER_BUILD_ID = 10;

    public static final int XENFEAT_WRITABLE_PAGE_TABLES = 0;
    public static final int XENFEAT_WRITABLE_DESCRIPTOR_TABLES = 1;
    public static final int XENFEAT_AUTO_TRANSLATED_PHYSMAP = 2;
    public static final int XENFEAT_SUPERVISOR_MODE_KERNEL = 3;
    public static final int XENFEAT_PAE_PGDIR_ABOVE_4GB = 4;
    /// Linux panics without it.
    public static final int XENFEAT_MMU_PT_UPDATE_PRESERVE_AD = 5;
    public static final int XENFEAT_HIGHMEM_ASSIST = 6;
    /// Linux panics without it.
    public static final int XENFEAT_GNTTAB_MAP_AVAIL_BITS = 7;
    public static final int XENFEAT_HVM_CALLBACK_VECTOR = 8;
    public static final int XENFEAT_HVM_SAFE_PVCLOCK = 9;
    public static final int XENFEAT_HVM_PIRQS = 10;
    public static final int XENFEAT_DOM0 = 11;
    public static final int XENFEAT_MEMORY_OP_VNODE_SUPPORTED = 13;
    public static final int XENFEAT_ARM_SMCCC_SUPPORTED = 14;
    public static final int XENFEAT_LINUX_RSDP_UNRESTRICTED = 15;
    public static final int XENFEAT_NOT_DIRECT_MAPPED = 16;
    public static final int XENFEAT_DIRECT_MAPPED = 17;
    /// A submap holds 32 features.
    public static final int XENFEAT_NR_SUBMAPS = 1;

    public static final int XEN_EXTRAVERSION_LEN = 16;
    public static final int XEN_CAPABILITIES_INFO_LEN = 1024;
    public static final int XEN_CHANGESET_INFO_LEN = 64;

    private XenVersion() {
    }

    /// Who built the hypervisor, with what and when: zero-terminated text.
    public static final class CompileInfo {
        public static final StructLayout LAYOUT = struct("xen_compile_info",
                array("compiler", 64, JAVA_BYTE), array("compile_by", 16, JAVA_BYTE),
                array("compile_domain", 32, JAVA_BYTE), array("compile_date", 32, JAVA_BYTE));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long COMPILER = offsetOf(LAYOUT, "compiler");
        private static final long COMPILE_BY = offsetOf(LAYOUT, "compile_by");
        private static final long COMPILE_DOMAIN = offsetOf(LAYOUT, "compile_domain");
        private static final long COMPILE_DATE = offsetOf(LAYOUT, "compile_date");

        private CompileInfo() {
        }

        public static String compiler(MemorySegment s, long base) {
            return CString.get(s, base + COMPILER, 64);
        }

        public static void compiler(MemorySegment s, long base, String v) {
            CString.put(s, base + COMPILER, 64, v);
        }

        public static String compileBy(MemorySegment s, long base) {
            return CString.get(s, base + COMPILE_BY, 16);
        }

        public static void compileBy(MemorySegment s, long base, String v) {
            CString.put(s, base + COMPILE_BY, 16, v);
        }

        public static String compileDomain(MemorySegment s, long base) {
            return CString.get(s, base + COMPILE_DOMAIN, 32);
        }

        public static void compileDomain(MemorySegment s, long base, String v) {
            CString.put(s, base + COMPILE_DOMAIN, 32, v);
        }

        public static String compileDate(MemorySegment s, long base) {
            return CString.get(s, base + COMPILE_DATE, 32);
        }

        public static void compileDate(MemorySegment s, long base, String v) {
            CString.put(s, base + COMPILE_DATE, 32, v);
        }
    }

    /// Where the hypervisor's part of the address space begins.
    public static final class PlatformParameters {
        public static final StructLayout LAYOUT = struct("xen_platform_parameters", u64("virt_start"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long VIRT_START = offsetOf(LAYOUT, "virt_start");

        private PlatformParameters() {
        }

        public static long virtStart(MemorySegment s, long base) { return s.get(JAVA_LONG, base + VIRT_START); }
        public static void virtStart(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + VIRT_START, v); }
    }

    /// `submap_idx` in, 32 features out.
    public static final class FeatureInfo {
        public static final StructLayout LAYOUT = struct("xen_feature_info", u32("submap_idx"), u32("submap"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long SUBMAP_IDX = offsetOf(LAYOUT, "submap_idx");
        private static final long SUBMAP = offsetOf(LAYOUT, "submap");

        private FeatureInfo() {
        }

        public static int submapIdx(MemorySegment s, long base) { return s.get(JAVA_INT, base + SUBMAP_IDX); }
        public static void submapIdx(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + SUBMAP_IDX, v); }
        public static int submap(MemorySegment s, long base) { return s.get(JAVA_INT, base + SUBMAP); }
        public static void submap(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + SUBMAP, v); }
    }
}
