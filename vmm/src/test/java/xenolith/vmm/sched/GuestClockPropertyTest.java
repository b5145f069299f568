package xenolith.vmm.sched;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import xenolith.abi.XenVcpuInfo.VcpuTimeInfo;

/// Guest and hypervisor compute the same time from the same TSC. The guest's sum is done here with unbounded integers,
/// from the fields as `xen.h` defines them.
class GuestClockPropertyTest {
    private static final BigInteger WORD = BigInteger.ONE.shiftLeft(64);
    private static final long YEAR_NS = 365L * 86_400 * 1_000_000_000;

    private final MemorySegment info = Arena.ofAuto().allocate(VcpuTimeInfo.SIZEOF, 8);

    /// `system_time + ((tsc - tsc_timestamp) << tsc_shift) * tsc_to_system_mul >> 32`.
    private long guestTime(long tsc) {
        BigInteger delta = unsigned(tsc - VcpuTimeInfo.tscTimestamp(info, 0));
        int shift = VcpuTimeInfo.tscShift(info, 0);
        delta = shift >= 0 ? delta.shiftLeft(shift).mod(WORD) : delta.shiftRight(-shift);
        BigInteger mul = BigInteger.valueOf(VcpuTimeInfo.tscToSystemMul(info, 0) & 0xffff_ffffL);
        return delta.multiply(mul).shiftRight(32).add(unsigned(VcpuTimeInfo.systemTime(info, 0))).longValue();
    }

    private static BigInteger unsigned(long value) {
        BigInteger v = BigInteger.valueOf(value);
        return v.signum() < 0 ? v.add(WORD) : v;
    }

    @Property(tries = 1000)
    void afterYearsBothStillComputeTheSame(@ForAll @LongRange(min = 1_000, max = 10_000_000) long khz,
            @ForAll @LongRange(min = 0, max = 20 * YEAR_NS) long age) {
        long ticks = BigInteger.valueOf(age).multiply(BigInteger.valueOf(khz)).divide(BigInteger.valueOf(1_000_000))
                .longValueExact();
        GuestClock clock = new GuestClock(khz, 0);
        clock.fillTimeInfo(info, 0);

        long guests = guestTime(VcpuTimeInfo.tscTimestamp(info, 0) + ticks);

        assertThat(clock.scale(ticks)).isEqualTo(guests);
        assertThat((double) (guests - age)).as("what rounding costs").isBetween(-age * 1e-8 - 1e6, age * 1e-8 + 1e6);
    }

    @Property(tries = 300)
    void bothComputeTheSame(@ForAll @LongRange(min = 1_000, max = 10_000_000) long khz,
            @ForAll @LongRange(min = -1L << 40, max = 1L << 40) long offset) {
        GuestClock clock = new GuestClock(khz, offset);
        clock.fillTimeInfo(info, 0);

        long before = guestTime(clock.guestTsc());
        long now = clock.nowNs();
        long after = guestTime(clock.guestTsc());

        assertThat(now).isBetween(before, after);
    }

    @Property(tries = 300)
    void theMultiplierKeepsAsManyBitsAsFit(@ForAll @LongRange(min = 1_000, max = 10_000_000) long khz) {
        new GuestClock(khz, 0).fillTimeInfo(info, 0);

        long mul = VcpuTimeInfo.tscToSystemMul(info, 0) & 0xffff_ffffL;
        int shift = VcpuTimeInfo.tscShift(info, 0);
        double khzOfGuest = 1e6 * Math.pow(2, 32) / mul / Math.pow(2, shift);
        assertThat(shift).as("Linux calibrates with the same two fields").isBetween(0, 10);
        assertThat(khzOfGuest / khz).isBetween(1 - 1e-8, 1 + 1e-8);
    }

    @Example
    void atOneGigahertzTheMultiplierDoesNotWrapToZero() {
        new GuestClock(1_000_000, 0).fillTimeInfo(info, 0);

        assertThat(VcpuTimeInfo.tscToSystemMul(info, 0)).isNotZero();
    }

    @Property(tries = 50)
    void theVersionIsEvenAfterwardsAndDiffersWhateverWasThere(@ForAll int version) {
        VcpuTimeInfo.version(info, 0, version);

        new GuestClock(2_000_000, 0).fillTimeInfo(info, 0);

        assertThat(VcpuTimeInfo.version(info, 0) & 1).isZero();
        assertThat(VcpuTimeInfo.version(info, 0)).isNotEqualTo(version);
    }
}
