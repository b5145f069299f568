package xenolith.vmm.sched;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import xenolith.abi.XenSharedInfo;
import xenolith.abi.XenVcpuInfo;
import xenolith.abi.XenVcpuInfo.VcpuTimeInfo;
import xenolith.vmm.guest.MachineMemory;

class GuestClockTest {
    private static final long SHARED_INFO = MachineMemory.BASE_MFN << 12;

    private final MachineMemory memory = new MachineMemory(Arena.ofAuto().allocate(4096, 4096));
    private final GuestClock clock = new GuestClock(2_000_000, 0);

    @Test
    void timeBeginsAtZeroAndNeverGoesBack() {
        GuestClock fresh = new GuestClock(2_000_000, 0);
        long first = fresh.nowNs();
        long last = first;
        for (int i = 0; i < 1_000; i++) {
            long now = fresh.nowNs();
            assertThat(now).isGreaterThanOrEqualTo(last);
            last = now;
        }
        assertThat(first).isBetween(0L, 10_000_000_000L);
        assertThat(last).isPositive();
    }

    @Test
    void theTimeInfoSaysThatTheTscIsStable() {
        clock.writeTimeInfo(memory, SHARED_INFO + XenVcpuInfo.TIME_OFFSET);

        assertThat(VcpuTimeInfo.flags(memory.segment(), XenVcpuInfo.TIME_OFFSET))
                .isEqualTo(VcpuTimeInfo.XEN_PVCLOCK_TSC_STABLE_BIT);
        assertThat(VcpuTimeInfo.systemTime(memory.segment(), XenVcpuInfo.TIME_OFFSET)).isZero();
        assertThat(XenVcpuInfo.evtchnPendingSel(memory.segment(), 0)).as("its neighbours are left alone").isZero();
        assertThat(memory.readWord(SHARED_INFO + XenVcpuInfo.SIZEOF)).isZero();
    }

    @Test
    void theWallClockPlusSystemTimeIsTheTimeOfDay() {
        clock.writeWallClock(memory, SHARED_INFO);

        long seconds = XenSharedInfo.wcSec(memory.segment(), 0) & 0xffff_ffffL
                | (long) XenSharedInfo.wcSecHi(memory.segment(), 0) << 32;
        int nanos = XenSharedInfo.wcNsec(memory.segment(), 0);
        Instant now = Instant.ofEpochSecond(seconds, nanos).plusNanos(clock.nowNs());
        assertThat(now.toEpochMilli()).isCloseTo(Instant.now().toEpochMilli(), within(5_000L));
        assertThat(nanos).isBetween(0, 999_999_999);
        assertThat(XenSharedInfo.wcVersion(memory.segment(), 0)).isEqualTo(2);
    }
}
