package xenolith.posix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Instructions that Java cannot express, as machine code in one page of our own.
///
/// The page is written first and made executable afterwards, never both at once. It stays for the life of the
/// process. Both functions follow the C calling convention of x86-64 (System V ABI).
public final class NativeCode {
    private static final int PROT_READ = 1;
    private static final int PROT_EXEC = 4;
    private static final long PAGE_BYTES = 4096;

    /// ```
    /// rdtsc; shl $32,%rdx; or %rdx,%rax; ret
    /// ```
    private static final byte[] RDTSC = bytes(0x0f, 0x31, 0x48, 0xc1, 0xe2, 0x20, 0x48, 0x09, 0xd0, 0xc3);

    /// `cpuid(edi = leaf, esi = subleaf, rdx = int[4])`; rbx belongs to the caller.
    /// ```
    /// push %rbx; mov %rdx,%r8; mov %edi,%eax; mov %esi,%ecx; cpuid
    /// mov %eax,(%r8); mov %ebx,4(%r8); mov %ecx,8(%r8); mov %edx,12(%r8)
    /// pop %rbx; ret
    /// ```
    private static final byte[] CPUID = bytes(
            0x53, 0x49, 0x89, 0xd0, 0x89, 0xf8, 0x89, 0xf1, 0x0f, 0xa2,
            0x41, 0x89, 0x00, 0x41, 0x89, 0x58, 0x04, 0x41, 0x89, 0x48, 0x08, 0x41, 0x89, 0x50, 0x0c,
            0x5b, 0xc3);

    private static final long CPUID_AT = 64;

    private NativeCode() {
    }

    private static final class Functions {
        static final long ADDRESS;
        static final MethodHandle RDTSC_CALL;
        static final MethodHandle CPUID_CALL;

        static {
            Mapping page = Mapping.anonymous(PAGE_BYTES);
            ADDRESS = page.address();
            MemorySegment code = page.segment();
            MemorySegment.copy(RDTSC, 0, code, ValueLayout.JAVA_BYTE, 0, RDTSC.length);
            MemorySegment.copy(CPUID, 0, code, ValueLayout.JAVA_BYTE, CPUID_AT, CPUID.length);
            HostException.check("mprotect", Libc.mprotect(CallState.ofThread(), ADDRESS, PAGE_BYTES,
                    PROT_READ | PROT_EXEC));
            RDTSC_CALL = Libc.linkAt(MemorySegment.ofAddress(ADDRESS));
            CPUID_CALL = Libc.linkAt(MemorySegment.ofAddress(ADDRESS + CPUID_AT));
        }
    }

    /// Where the page lies.
    static long address() {
        return Functions.ADDRESS;
    }

    /// The time-stamp counter, in cycles of the host. Not ordered with the loads and stores around it.
    public static long rdtsc() {
        return Libc.invoke(Functions.RDTSC_CALL, CallState.ofThread(), 0, 0, 0, 0, 0, 0);
    }

    /// What the CPUID instruction of the host says, into an array of four: EAX, EBX, ECX, EDX.
    public static void cpuid(int leaf, int subleaf, int[] eaxEbxEcxEdx) {
        CallState state = CallState.ofThread();
        MemorySegment out = state.scratch();
        Libc.invoke(Functions.CPUID_CALL, state, leaf, subleaf, out.address(), 0, 0, 0);
        MemorySegment.copy(out, ValueLayout.JAVA_INT, 0, eaxEbxEcxEdx, 0, 4);
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
