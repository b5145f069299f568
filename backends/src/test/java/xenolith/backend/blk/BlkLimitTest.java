package xenolith.backend.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.Blkif.BLKIF_OP_FLUSH_DISKCACHE;
import static xenolith.abi.io.Blkif.BLKIF_OP_READ;
import static xenolith.abi.io.Blkif.BLKIF_RSP_OKAY;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.backend.Eventually;
import xenolith.backend.image.TransferQueue;

/// Disks that are held to so many requests, or so many bytes, in a second.
@Timeout(60)
class BlkLimitTest {
    private static final int REF = 500;
    private static final long S = 1_000_000_000;

    private BlkFrontend guest;
    private int answered;

    @BeforeEach
    void aDisk() {
        guest = new BlkFrontend(new MemoryImage(8192), () -> TransferQueue.NONE);
        guest.domain.grant(REF, false);
    }

    @AfterEach
    void nothingStaysMapped() {
        guest.close();
    }

    /// Sends so many reads of a page, which are not neighbours.
    private void read(int count) {
        for (int i = 0; i < count; i++) {
            guest.request(BLKIF_OP_READ, 16 * i, REF);
            guest.post();
        }
        guest.push();
    }

    private boolean isAnswered(int count) {
        while (guest.takeAnswer() != 0) {
            assertThat(guest.answeredStatus()).isEqualTo(BLKIF_RSP_OKAY);
            answered++;
        }
        return answered >= count;
    }

    private long secondsFor(int count, int divisor) {
        long begun = System.nanoTime();
        read(count);
        Eventually.is(true, () -> isAnswered(count));
        return (System.nanoTime() - begun) * divisor / S;
    }

    @Test
    void requestsAreSpreadOverTime() {
        guest.driver().limit().change(20, BlkLimit.NONE);
        guest.connect(0);
        assertThat(secondsFor(12, 10)).as("tenths of a second").isBetween(4L, 20L);
    }

    @Test
    void bytesAreSpreadOverTime() {
        guest.driver().limit().change(BlkLimit.NONE, 20 * 4096);
        guest.connect(0);
        assertThat(secondsFor(12, 10)).as("tenths of a second").isBetween(4L, 20L);
    }

    /// Requests, and not only those that move something.
    @Test
    void aFlushIsARequestToo() {
        guest.driver().limit().change(20, 1);
        guest.connect(0);
        long begun = System.nanoTime();
        for (int i = 0; i < 12; i++) {
            guest.request(BLKIF_OP_FLUSH_DISKCACHE, 0);
            assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        }
        assertThat((System.nanoTime() - begun) * 10 / S).as("tenths of a second").isBetween(4L, 20L);
    }

    @ParameterizedTest
    @ValueSource(longs = {BlkLimit.NONE, 100_000})
    void whoWaitsGoesOnWhenTheLimitIsChanged(long then) {
        guest.driver().limit().change(1, 1);
        guest.connect(0);
        read(30);
        Eventually.is(true, () -> isAnswered(1));
        assertThat(isAnswered(3)).isFalse();
        guest.driver().limit().change(then, then * 4096);
        long begun = System.nanoTime();
        Eventually.is(true, () -> isAnswered(30));
        assertThat((System.nanoTime() - begun) / S).isLessThan(5);
    }

    @Test
    void aDiskThatRestsForLongWantsNoProcessor() {
        guest.driver().limit().change(BlkLimit.NONE, 1);
        guest.connect(0);
        read(30);
        Eventually.is(true, () -> isAnswered(1));
        Eventually.is(0, guest.domain::working);
        int begun = guest.domain.workBegun();
        guest.driver().limit().change(BlkLimit.NONE, BlkLimit.NONE);
        Eventually.is(true, () -> isAnswered(30));
        assertThat(guest.domain.workBegun()).isGreaterThan(begun);
    }

    @Test
    void aDiskThatRestsCanEnd() {
        guest.driver().limit().change(BlkLimit.NONE, 1);
        guest.connect(0);
        read(30);
        Eventually.is(true, () -> isAnswered(1));
        long begun = System.nanoTime();
        guest.backend.close();
        assertThat((System.nanoTime() - begun) / S).isLessThan(5);
        assertThat(isAnswered(4)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 7, 999, 1000, 1500, 50_000, 4_000_000_000L})
    void overTimeAsMuchPassesAsTheLimitAllows(long perSecond) {
        BlkLimit limit = new BlkLimit();
        limit.change(perSecond, BlkLimit.NONE);
        long now = 0;
        int count = (int) Math.min(3 * perSecond, 100_000) + 2;
        for (int i = 0; i < count; i++) {
            now += limit.take(1 << 20, now);
        }
        long least = (count - 2) * S / perSecond;
        assertThat(now).isBetween(least - S / 15, least + least / 20 + S / 15 + S / perSecond);
    }
}
