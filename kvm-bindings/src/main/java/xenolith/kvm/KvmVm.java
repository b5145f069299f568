package xenolith.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import xenolith.posix.CallState;
import xenolith.posix.Fd;
import xenolith.posix.HostException;

/// A virtual machine: the ioctls on a VM's descriptor. May be used from every thread.
public final class KvmVm implements AutoCloseable {
    /// Slot flags.
    public static final int KVM_MEM_LOG_DIRTY_PAGES = 1;
    public static final int KVM_MEM_READONLY = 2;

    /// Flags of [#ioeventfd].
    public static final int KVM_IOEVENTFD_FLAG_DATAMATCH = 1;
    public static final int KVM_IOEVENTFD_FLAG_PIO = 2;
    public static final int KVM_IOEVENTFD_FLAG_DEASSIGN = 4;

    private static final StructLayout REGION = KvmArguments.USERSPACE_MEMORY_REGION;
    private static final long REGION_SLOT = KvmArguments.offset(REGION, "slot");
    private static final long REGION_FLAGS = KvmArguments.offset(REGION, "flags");
    private static final long REGION_GPA = KvmArguments.offset(REGION, "guest_phys_addr");
    private static final long REGION_SIZE = KvmArguments.offset(REGION, "memory_size");
    private static final long REGION_HVA = KvmArguments.offset(REGION, "userspace_addr");

    private static final StructLayout IOEVENTFD = KvmArguments.IOEVENTFD;
    private static final long IOEVENTFD_DATAMATCH = KvmArguments.offset(IOEVENTFD, "datamatch");
    private static final long IOEVENTFD_ADDR = KvmArguments.offset(IOEVENTFD, "addr");
    private static final long IOEVENTFD_LEN = KvmArguments.offset(IOEVENTFD, "len");
    private static final long IOEVENTFD_FD = KvmArguments.offset(IOEVENTFD, "fd");
    private static final long IOEVENTFD_FLAGS = KvmArguments.offset(IOEVENTFD, "flags");

    private static final long CLOCK = KvmArguments.offset(KvmArguments.CLOCK_DATA, "clock");
    private static final long CAP = KvmArguments.offset(KvmArguments.ENABLE_CAP, "cap");
    private static final long CAP_ARGS = KvmArguments.offset(KvmArguments.ENABLE_CAP, "args");

    private final Fd fd;
    private final int vcpuMmapSize;

    KvmVm(Fd fd, int vcpuMmapSize) {
        this.fd = fd;
        this.vcpuMmapSize = vcpuMmapSize;
    }

    /// What KVM says of a capability for this VM ([KvmCap]): 0 is no.
    public int checkExtension(int cap) {
        return call("KVM_CHECK_EXTENSION", KvmIoctl.KVM_CHECK_EXTENSION, cap);
    }

    /// Gives KVM three pages of guest-physical addresses, below 4 GiB and outside every slot, for its own use on
    /// Intel hosts. Needed before the first vCPU.
    public void setTssAddr(long gpa) {
        call("KVM_SET_TSS_ADDR", KvmIoctl.KVM_SET_TSS_ADDR, gpa);
    }

    /// Gives KVM one page more, as [#setTssAddr] does.
    public void setIdentityMapAddr(long gpa) {
        MemorySegment address = CallState.ofThread().scratch();
        address.set(JAVA_LONG, 0, gpa);
        call("KVM_SET_IDENTITY_MAP_ADDR", KvmIoctl.KVM_SET_IDENTITY_MAP_ADDR, address.address());
    }

    /// Lets the guest see `byteSize` bytes from `hostAddress` at guest-physical address `gpa`; size 0 deletes the
    /// slot. All three are page-aligned. `flags` are `KVM_MEM_` bits. The memory must stay mapped until the slot is
    /// deleted or the VM closed.
    public void setMemory(int slot, long gpa, long byteSize, long hostAddress, int flags) {
        MemorySegment region = CallState.ofThread().scratch();
        region.set(JAVA_INT, REGION_SLOT, slot);
        region.set(JAVA_INT, REGION_FLAGS, flags);
        region.set(JAVA_LONG, REGION_GPA, gpa);
        region.set(JAVA_LONG, REGION_SIZE, byteSize);
        region.set(JAVA_LONG, REGION_HVA, hostAddress);
        call("KVM_SET_USER_MEMORY_REGION", KvmIoctl.KVM_SET_USER_MEMORY_REGION, region.address());
    }

    /// Creates a vCPU. The id is also its APIC id.
    public KvmVcpu createVcpu(int id) {
        Fd vcpu = new Fd(call("KVM_CREATE_VCPU", KvmIoctl.KVM_CREATE_VCPU, id));
        try {
            return new KvmVcpu(vcpu, vcpuMmapSize);
        } catch (RuntimeException e) {
            vcpu.close();
            throw e;
        }
    }

    /// Makes guest writes of `len` bytes (0: any) at guest-physical address `addr` signal an eventfd without an exit
    /// to us. `flags` are `KVM_IOEVENTFD_FLAG_` bits, without DATAMATCH.
    public void ioeventfd(long addr, int len, int eventFd, int flags) {
        ioeventfd(addr, len, eventFd, flags, 0);
    }

    /// As above; with `KVM_IOEVENTFD_FLAG_DATAMATCH` only writes of `datamatch` count.
    public void ioeventfd(long addr, int len, int eventFd, int flags, long datamatch) {
        MemorySegment argument = zeroedScratch(IOEVENTFD);
        argument.set(JAVA_LONG, IOEVENTFD_DATAMATCH, datamatch);
        argument.set(JAVA_LONG, IOEVENTFD_ADDR, addr);
        argument.set(JAVA_INT, IOEVENTFD_LEN, len);
        argument.set(JAVA_INT, IOEVENTFD_FD, eventFd);
        argument.set(JAVA_INT, IOEVENTFD_FLAGS, flags);
        call("KVM_IOEVENTFD", KvmIoctl.KVM_IOEVENTFD, argument.address());
    }

    /// The VM's kvmclock in nanoseconds.
    public long getClock() {
        MemorySegment data = zeroedScratch(KvmArguments.CLOCK_DATA);
        call("KVM_GET_CLOCK", KvmIoctl.KVM_GET_CLOCK, data.address());
        return data.get(JAVA_LONG, CLOCK);
    }

    /// Sets the VM's kvmclock.
    public void setClock(long clockNs) {
        MemorySegment data = zeroedScratch(KvmArguments.CLOCK_DATA);
        data.set(JAVA_LONG, CLOCK, clockNs);
        call("KVM_SET_CLOCK", KvmIoctl.KVM_SET_CLOCK, data.address());
    }

    /// Switches on a capability that is off by default; the meaning of the argument is the capability's.
    public void enableCap(int cap, long argument) {
        MemorySegment data = zeroedScratch(KvmArguments.ENABLE_CAP);
        data.set(JAVA_INT, CAP, cap);
        data.set(JAVA_LONG, CAP_ARGS, argument);
        call("KVM_ENABLE_CAP", KvmIoctl.KVM_ENABLE_CAP, data.address());
    }

    /// Opens the VM's counters. Needs KVM_CAP_BINARY_STATS_FD.
    public KvmStats stats() {
        return KvmStats.of(new Fd(call("KVM_GET_STATS_FD", KvmIoctl.KVM_GET_STATS_FD, 0)));
    }

    private static MemorySegment zeroedScratch(StructLayout struct) {
        return CallState.ofThread().scratch().asSlice(0, struct.byteSize()).fill((byte) 0);
    }

    private int call(String name, long request, long argument) {
        return HostException.check(name, fd.ioctl(CallState.ofThread(), request, argument));
    }

    /// Closes the descriptor. KVM frees the VM once its vCPUs are closed too.
    @Override
    public void close() {
        fd.close();
    }
}
