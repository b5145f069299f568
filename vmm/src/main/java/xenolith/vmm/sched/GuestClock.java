package xenolith.vmm.sched;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.time.Instant;
import xenolith.abi.XenSharedInfo;
import xenolith.abi.XenVcpuInfo.VcpuTimeInfo;
import xenolith.posix.NativeCode;
import xenolith.vmm.guest.MachineMemory;

/// A domain's time: nanoseconds since it was built, as guest and hypervisor both compute them from the TSC.
///
/// The guest reads `vcpu_time_info` (`xen.h`) and computes
/// `system_time + (((tsc - tsc_timestamp) << tsc_shift) * tsc_to_system_mul >> 32)`; [#nowNs] does the very same sum,
/// so that a timeout means the same to both.
public final class GuestClock {
    private final long tscKhz;
    private final long tscOffset;
    private final long mul;
    private final int shift;
    private final long tscBase;

    /// @param tscOffset what the guest's TSC is ahead of the host's
    public GuestClock(long tscKhz, long tscOffset) {
        this.tscKhz = tscKhz;
        this.tscOffset = tscOffset;
        // mul / 2^32 is nanoseconds a tick; below 1 GHz it would not fit 32 bits without a shift to the left.
        int left = 0;
        while ((tscKhz << left) <= 1_000_000L) {
            left++;
        }
        this.shift = left;
        this.mul = (1_000_000L << 32) / (tscKhz << left);
        this.tscBase = guestTsc();
    }

    public long tscKhz() {
        return tscKhz;
    }

    public long guestTsc() {
        return NativeCode.rdtsc() + tscOffset;
    }

    /// System time now.
    public long nowNs() {
        return scale(guestTsc() - tscBase);
    }

    /// Writes `vcpu_time_info` at machine address `ma`.
    public void writeTimeInfo(MachineMemory memory, long ma) {
        fillTimeInfo(memory.segment(), MachineMemory.offset(ma));
    }

    /// Writes `vcpu_time_info`. The version is odd while the rest changes; the guest reads again when it was odd or
    /// has changed.
    public void fillTimeInfo(MemorySegment s, long at) {
        int version = VcpuTimeInfo.version(s, at) | 1;
        VcpuTimeInfo.versionOpaque(s, at, version);
        VarHandle.storeStoreFence();
        VcpuTimeInfo.tscTimestamp(s, at, tscBase);
        VcpuTimeInfo.systemTime(s, at, 0);
        VcpuTimeInfo.tscToSystemMul(s, at, (int) mul);
        VcpuTimeInfo.tscShift(s, at, shift);
        VcpuTimeInfo.flags(s, at, VcpuTimeInfo.XEN_PVCLOCK_TSC_STABLE_BIT);
        VcpuTimeInfo.versionRelease(s, at, version + 1);
    }

    /// Writes the wall-clock time of system time 0 into the shared info (`wc_sec`, `wc_nsec`, `wc_sec_hi`).
    public void writeWallClock(MachineMemory memory, long sharedInfoMa) {
        MemorySegment s = memory.segment();
        long at = MachineMemory.offset(sharedInfoMa);
        Instant boot = Instant.now().minusNanos(nowNs());
        int version = XenSharedInfo.wcVersion(s, at) | 1;
        XenSharedInfo.wcVersion(s, at, version);
        VarHandle.storeStoreFence();
        XenSharedInfo.wcSec(s, at, (int) boot.getEpochSecond());
        XenSharedInfo.wcSecHi(s, at, (int) (boot.getEpochSecond() >>> 32));
        XenSharedInfo.wcNsec(s, at, boot.getNano());
        XenSharedInfo.wcVersionRelease(s, at, version + 1);
    }

    /// Nanoseconds of `ticks`, not negative.
    long scale(long ticks) {
        long shifted = ticks << shift;
        return Math.multiplyHigh(shifted, mul) << 32 | shifted * mul >>> 32;
    }
}
