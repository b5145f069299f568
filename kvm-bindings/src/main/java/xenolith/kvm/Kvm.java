package xenolith.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import xenolith.posix.CallState;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;

/// The KVM of this host: `/dev/kvm` and its system ioctls.
public final class Kvm implements AutoCloseable {
    /// The only version of the interface that there has been since Linux 2.6.22.
    public static final int KVM_API_VERSION = 12;

    private static final String DEVICE = "/dev/kvm";
    /// KVM_CREATE_VM waits for locks interruptibly; a signal that hits it is not an error.
    private static final int CREATE_VM_ATTEMPTS = 16;
    private static final int FIRST_CPUID_CAPACITY = 128;
    private static final int MAX_CPUID_CAPACITY = 2048;

    private final Fd fd;
    private final int vcpuMmapSize;

    private Kvm(Fd fd, int vcpuMmapSize) {
        this.fd = fd;
        this.vcpuMmapSize = vcpuMmapSize;
    }

    /// Opens the device. Throws [HostException] naming `/dev/kvm` where it is missing (`ENOENT`), not for us
    /// (`EACCES`) or without a KVM behind it (`ENODEV`), and `KVM_GET_API_VERSION: EPROTO` where it speaks another
    /// version.
    public static Kvm open() {
        Fd fd = Fd.open(DEVICE, Fd.O_RDWR);
        try {
            return of(fd);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static Kvm of(Fd fd) {
        CallState state = CallState.ofThread();
        int version = HostException.check("KVM_GET_API_VERSION", fd.ioctl(state, KvmIoctl.KVM_GET_API_VERSION, 0));
        if (version != KVM_API_VERSION) {
            throw new HostException("KVM_GET_API_VERSION", Errno.EPROTO);
        }
        return new Kvm(fd, HostException.check("KVM_GET_VCPU_MMAP_SIZE",
                fd.ioctl(state, KvmIoctl.KVM_GET_VCPU_MMAP_SIZE, 0)));
    }

    public int apiVersion() {
        return call("KVM_GET_API_VERSION", KvmIoctl.KVM_GET_API_VERSION, 0);
    }

    /// What the host says of a capability ([KvmCap]): 0 is no.
    public int checkExtension(int cap) {
        return call("KVM_CHECK_EXTENSION", KvmIoctl.KVM_CHECK_EXTENSION, cap);
    }

    /// The size in bytes of a vCPU's shared pages, of which the first holds [KvmRun].
    public int vcpuMmapSize() {
        return vcpuMmapSize;
    }

    /// Creates a VM without memory and vCPUs. Takes about 2 ms.
    public KvmVm createVm() {
        int result = -Errno.EINTR;
        for (int attempt = 0; result == -Errno.EINTR && attempt < CREATE_VM_ATTEMPTS; attempt++) {
            result = fd.ioctl(CallState.ofThread(), KvmIoctl.KVM_CREATE_VM, 0);
        }
        return new KvmVm(new Fd(HostException.check("KVM_CREATE_VM", result)), vcpuMmapSize);
    }

    /// What KVM itself can give a guest. Thin on some hosts, which take the CPU's own answers all the same.
    public CpuidTable supportedCpuid() {
        for (int capacity = FIRST_CPUID_CAPACITY; ; capacity *= 2) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment cpuid = CpuidTable.room(arena, capacity);
                int result = fd.ioctl(CallState.ofThread(), KvmIoctl.KVM_GET_SUPPORTED_CPUID, cpuid.address());
                if (result == 0) {
                    return CpuidTable.fromNative(cpuid);
                }
                if (result != -Errno.E2BIG || capacity == MAX_CPUID_CAPACITY) {
                    throw new HostException("KVM_GET_SUPPORTED_CPUID", -result);
                }
            }
        }
    }

    private int call(String name, long request, long argument) {
        return HostException.check(name, fd.ioctl(CallState.ofThread(), request, argument));
    }

    /// Closes the device. VMs that were created stay.
    @Override
    public void close() {
        fd.close();
    }
}
