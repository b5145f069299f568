package xenolith.kvm;

import java.lang.foreign.StructLayout;

/// The request numbers of `<linux/kvm.h>`, grouped by the descriptor they are made on, each with the capability that
/// announces it ([KvmCap]). A request without one has always been there.
///
/// A number holds direction, size of the argument, the letter 0xAE and a running number (`<asm-generic/ioctl.h>`).
/// Sizes come from the layouts, so a wrong layout cannot reach the kernel.
public final class KvmIoctl {
    private static final int DIR_NONE = 0;
    private static final int DIR_WRITE = 1;
    private static final int DIR_READ = 2;
    private static final int DIR_SHIFT = 30;
    private static final int SIZE_SHIFT = 16;
    private static final int TYPE_SHIFT = 8;
    private static final int KVMIO = 0xAE;

    // On /dev/kvm: see Kvm.
    public static final long KVM_GET_API_VERSION = io(0x00);
    public static final long KVM_CREATE_VM = io(0x01);
    public static final long KVM_CHECK_EXTENSION = io(0x03);
    public static final long KVM_GET_VCPU_MMAP_SIZE = io(0x04);
    /// KVM_CAP_EXT_CPUID.
    public static final long KVM_GET_SUPPORTED_CPUID = iowr(0x05, KvmArguments.CPUID2);

    // On a VM: see KvmVm.
    public static final long KVM_CREATE_VCPU = io(0x41);
    /// KVM_CAP_USER_MEMORY.
    public static final long KVM_SET_USER_MEMORY_REGION = iow(0x46, KvmArguments.USERSPACE_MEMORY_REGION);
    /// KVM_CAP_SET_TSS_ADDR.
    public static final long KVM_SET_TSS_ADDR = io(0x47);
    /// KVM_CAP_SET_IDENTITY_MAP_ADDR.
    public static final long KVM_SET_IDENTITY_MAP_ADDR = encode(DIR_WRITE, 0x48, Long.BYTES);
    /// KVM_CAP_IOEVENTFD.
    public static final long KVM_IOEVENTFD = iow(0x79, KvmArguments.IOEVENTFD);
    /// KVM_CAP_ADJUST_CLOCK.
    public static final long KVM_SET_CLOCK = iow(0x7b, KvmArguments.CLOCK_DATA);
    /// KVM_CAP_ADJUST_CLOCK.
    public static final long KVM_GET_CLOCK = ior(0x7c, KvmArguments.CLOCK_DATA);
    /// KVM_CAP_ENABLE_CAP_VM on a VM, KVM_CAP_ENABLE_CAP on a vCPU.
    public static final long KVM_ENABLE_CAP = iow(0xa3, KvmArguments.ENABLE_CAP);

    // On a VM or a vCPU.
    /// KVM_CAP_TSC_CONTROL on a vCPU, KVM_CAP_VM_TSC_CONTROL on a VM.
    public static final long KVM_SET_TSC_KHZ = io(0xa2);
    /// KVM_CAP_GET_TSC_KHZ on a vCPU, KVM_CAP_VM_TSC_CONTROL on a VM.
    public static final long KVM_GET_TSC_KHZ = io(0xa3);
    /// KVM_CAP_BINARY_STATS_FD.
    public static final long KVM_GET_STATS_FD = io(0xce);

    // On a vCPU: see KvmVcpu.
    public static final long KVM_RUN = io(0x80);
    public static final long KVM_GET_REGS = ior(0x81, KvmRegs.LAYOUT);
    public static final long KVM_SET_REGS = iow(0x82, KvmRegs.LAYOUT);
    public static final long KVM_GET_SREGS = ior(0x83, KvmSregs.LAYOUT);
    public static final long KVM_SET_SREGS = iow(0x84, KvmSregs.LAYOUT);
    public static final long KVM_TRANSLATE = iowr(0x85, KvmArguments.TRANSLATION);
    /// Only without an in-kernel interrupt controller.
    public static final long KVM_INTERRUPT = iow(0x86, KvmArguments.INTERRUPT);
    public static final long KVM_GET_MSRS = iowr(0x88, KvmArguments.MSRS);
    public static final long KVM_SET_MSRS = iow(0x89, KvmArguments.MSRS);
    public static final long KVM_SET_SIGNAL_MASK = iow(0x8b, KvmArguments.SIGNAL_MASK);
    public static final long KVM_GET_FPU = ior(0x8c, KvmFpu.LAYOUT);
    public static final long KVM_SET_FPU = iow(0x8d, KvmFpu.LAYOUT);
    /// KVM_CAP_EXT_CPUID.
    public static final long KVM_SET_CPUID2 = iow(0x90, KvmArguments.CPUID2);
    /// KVM_CAP_EXT_CPUID.
    public static final long KVM_GET_CPUID2 = iowr(0x91, KvmArguments.CPUID2);
    /// KVM_CAP_USER_NMI.
    public static final long KVM_NMI = io(0x9a);
    /// KVM_CAP_SET_GUEST_DEBUG.
    public static final long KVM_SET_GUEST_DEBUG = iow(0x9b, KvmDebug.GUEST_DEBUG);
    /// KVM_CAP_VCPU_EVENTS.
    public static final long KVM_GET_VCPU_EVENTS = ior(0x9f, KvmVcpuEvents.LAYOUT);
    /// KVM_CAP_VCPU_EVENTS.
    public static final long KVM_SET_VCPU_EVENTS = iow(0xa0, KvmVcpuEvents.LAYOUT);
    /// KVM_CAP_DEBUGREGS.
    public static final long KVM_GET_DEBUGREGS = ior(0xa1, KvmDebug.DEBUGREGS);
    /// KVM_CAP_DEBUGREGS.
    public static final long KVM_SET_DEBUGREGS = iow(0xa2, KvmDebug.DEBUGREGS);
    /// KVM_CAP_XCRS.
    public static final long KVM_GET_XCRS = ior(0xa6, KvmArguments.XCRS);
    /// KVM_CAP_XCRS.
    public static final long KVM_SET_XCRS = iow(0xa7, KvmArguments.XCRS);

    private KvmIoctl() {
    }

    private static long io(int number) {
        return encode(DIR_NONE, number, 0);
    }

    private static long ior(int number, StructLayout argument) {
        return encode(DIR_READ, number, argument.byteSize());
    }

    private static long iow(int number, StructLayout argument) {
        return encode(DIR_WRITE, number, argument.byteSize());
    }

    private static long iowr(int number, StructLayout argument) {
        return encode(DIR_READ | DIR_WRITE, number, argument.byteSize());
    }

    private static long encode(int direction, int number, long byteSize) {
        return (long) direction << DIR_SHIFT | byteSize << SIZE_SHIFT | KVMIO << TYPE_SHIFT | number;
    }
}
