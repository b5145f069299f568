package xenolith.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import xenolith.abi.XenErrno;

class RingTest {
    private static final int EINVAL = -XenErrno.EINVAL;
    private static final long REQ_PROD = 0;
    private static final long REQ_EVENT = 4;
    private static final long RSP_PROD = 8;
    private static final long RSP_EVENT = 12;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final MemorySegment message = Arena.ofAuto().allocate(256, 8);

    private static MemorySegment[] pages(int count) {
        MemorySegment[] pages = new MemorySegment[count];
        for (int i = 0; i < count; i++) {
            pages[i] = Arena.ofAuto().allocate(4096, 4096);
        }
        return pages;
    }

    @Example
    void aRingHasAsManySlotsAsFitRoundedDown() {
        assertThat(Blkif.RING.countIn(1)).isEqualTo(32);
        assertThat(Blkif.RING.countIn(2)).isEqualTo(64);
        assertThat(Blkif.RING.countIn(16)).isEqualTo(512);
        assertThat(Netif.TX.countIn(1)).isEqualTo(256);
        assertThat(Netif.RX.countIn(1)).isEqualTo(256);
        assertThat(NetifCtrl.RING.countIn(1)).isEqualTo(128);
    }

    @Example
    void aBackendMayWaitForSeveralRequests() {
        MemorySegment[] pages = pages(1);
        FrontRing front = new FrontRing(0, Blkif.RING, pages);
        BackRing back = BackRing.attach(Blkif.RING, pages);
        assertThat(back.finalCheck(3)).isZero();
        for (int i = 0; i < 5; i++) {
            putRequest(front, i);
            assertThat(front.push()).as("an event with request %d", i).isEqualTo(i == 2);
        }
        assertThat(back.finalCheck(3)).isEqualTo(5);
        assertThat(pages[0].get(JAVA_INT, REQ_EVENT)).isEqualTo(3);
    }

    @Example
    void aBackendThatIsLateWithAnEventKnowsWhetherItIsStillWaitedFor() {
        MemorySegment[] pages = pages(1);
        FrontRing front = new FrontRing(0, Blkif.RING, pages);
        BackRing back = BackRing.attach(Blkif.RING, pages);
        for (int i = 0; i < 5; i++) {
            putRequest(front, i);
        }
        front.push();
        assertThat(back.waiting()).isEqualTo(5);
        for (int i = 0; i < 3; i++) {
            back.take(message, 0);
            back.put(message, 0);
        }
        assertThat(back.push()).isTrue();
        assertThat(back.unseenResponses()).isEqualTo(3);
        for (int i = front.waiting(); i > 0; i--) {
            front.take(message, 0);
        }
        front.finalCheck();
        assertThat(back.unseenResponses()).isZero();
    }

    /// A step: up to 9 requests put, taken, answered, or their responses taken.
    @Property(tries = 300)
    void aRingIsTwoQueuesThatShareTheirSlots(@ForAll int start, @ForAll @IntRange(min = 1, max = 4) int pageCount,
            @ForAll @Size(max = 200) List<@IntRange(max = 39) Integer> steps) {
        MemorySegment[] pages = pages(pageCount);
        FrontRing front = new FrontRing(start, Blkif.RING, pages);
        BackRing back = BackRing.attach(Blkif.RING, pages);
        Queue<Long> requests = new ArrayDeque<>();
        Queue<Long> taken = new ArrayDeque<>();
        Queue<Long> responses = new ArrayDeque<>();
        long id = 0;
        for (int step : steps) {
            int count = step / 4;
            switch (step & 3) {
                case 0 -> {
                    for (int i = 0; i < Math.min(count, front.free()); i++) {
                        putRequest(front, id);
                        requests.add(id++);
                    }
                    front.push();
                }
                case 1 -> {
                    assertThat(back.waiting()).isEqualTo(requests.size());
                    for (int i = 0; i < count && !requests.isEmpty(); i++) {
                        back.take(message, 0);
                        checkRequest(requests.peek());
                        taken.add(requests.remove());
                    }
                    assertThat(back.unanswered()).isEqualTo(taken.size());
                }
                case 2 -> {
                    for (int i = 0; i < count && !taken.isEmpty(); i++) {
                        message.set(JAVA_LONG, 0, ~taken.peek());
                        back.put(message, 0);
                        responses.add(taken.remove());
                    }
                    back.push();
                }
                default -> {
                    assertThat(front.waiting()).isEqualTo(responses.size());
                    for (int i = 0; i < count && !responses.isEmpty(); i++) {
                        front.take(message, 0);
                        assertThat(message.get(JAVA_LONG, 0)).isEqualTo(~responses.remove());
                    }
                }
            }
            int underWay = requests.size() + taken.size() + responses.size();
            assertThat(front.free()).isEqualTo(back.size() - underWay);
        }
    }

    /// All 112 bytes count: they may lie in two pages.
    private void putRequest(FrontRing front, long id) {
        for (int at = 0; at < Blkif.Request.SIZEOF; at += Long.BYTES) {
            message.set(JAVA_LONG, at, id + at);
        }
        front.put(message, 0);
    }

    private void checkRequest(long id) {
        for (int at = 0; at < Blkif.Request.SIZEOF; at += Long.BYTES) {
            assertThat(message.get(JAVA_LONG, at)).isEqualTo(id + at);
        }
    }

    @Property
    void aFrontendThatClaimsMoreThanThereIsRoomForIsRefused(@ForAll int start, @ForAll int prod,
            @ForAll @IntRange(max = 32) int answered) {
        MemorySegment[] pages = pages(1);
        FrontRing front = new FrontRing(start, Blkif.RING, pages);
        BackRing back = BackRing.attach(Blkif.RING, pages);
        fill(front, 32);
        take(back, 32);
        answer(back, answered);

        pages[0].set(JAVA_INT, REQ_PROD, prod);
        long claimed = Integer.toUnsignedLong(prod - (start + 32));
        assertThat(back.waiting()).isEqualTo(claimed > answered ? EINVAL : (int) claimed);
        assertThat(back.finalCheck()).isEqualTo(claimed > answered ? EINVAL : (int) claimed);
    }

    @Example
    void theFirstClaimTooManyIsRefused() {
        MemorySegment[] pages = pages(1);
        BackRing back = new BackRing(Blkif.RING, pages);
        pages[0].set(JAVA_INT, REQ_PROD, 33);
        assertThat(back.waiting()).isEqualTo(EINVAL);
        pages[0].set(JAVA_INT, REQ_PROD, 32);
        assertThat(back.waiting()).isEqualTo(32);
        pages[0].set(JAVA_INT, REQ_PROD, 31);
        assertThat(back.waiting()).as("an index that goes back").isEqualTo(EINVAL);
    }

    @Property
    void aBackendThatClaimsWhatWasNotAskedForIsRefused(@ForAll int start, @ForAll int prod) {
        MemorySegment[] pages = pages(1);
        FrontRing front = new FrontRing(start, Blkif.RING, pages);
        fill(front, 20);
        pages[0].set(JAVA_INT, RSP_PROD, prod);
        long claimed = Integer.toUnsignedLong(prod - start);
        assertThat(front.waiting()).isEqualTo(claimed > 20 ? EINVAL : (int) claimed);
    }

    @Example
    void noIndexOfOursIsReadBackFromThePage() {
        MemorySegment[] pages = pages(1);
        FrontRing front = new FrontRing(0, Blkif.RING, pages);
        BackRing back = new BackRing(Blkif.RING, pages);
        fill(front, 3);
        take(back, 3);
        pages[0].set(JAVA_INT, RSP_PROD, 12345);
        answer(back, 2);
        assertThat(pages[0].get(JAVA_INT, RSP_PROD)).isEqualTo(2);
        assertThat(front.waiting()).isEqualTo(2);
        pages[0].set(JAVA_INT, REQ_PROD, -7);
        fill(front, 1);
        assertThat(pages[0].get(JAVA_INT, REQ_PROD)).isEqualTo(4);
        assertThat(back.waiting()).isOne();
    }

    /// The frontend's old index is ours too: had the backend read it from the page, a lie would silence it.
    @Example
    void whetherToNotifyIsNotTheOtherSidesToForge() {
        MemorySegment[] pages = pages(1);
        FrontRing front = new FrontRing(0, Blkif.RING, pages);
        BackRing back = new BackRing(Blkif.RING, pages);
        fill(front, 2);
        take(back, 2);
        pages[0].set(JAVA_INT, RSP_PROD, 1);
        message.fill((byte) 0);
        back.put(message, 0);
        assertThat(back.push()).isTrue();
    }

    @Example
    void aRequestIsTheCopyWhateverTheFrontendWritesLater() {
        MemorySegment[] pages = pages(1);
        FrontRing front = new FrontRing(0, Blkif.RING, pages);
        BackRing back = new BackRing(Blkif.RING, pages);
        message.fill((byte) 1);
        front.put(message, 0);
        front.push();
        assertThat(back.waiting()).isOne();
        back.take(message, 0);
        pages[0].fill((byte) 9);
        assertThat(message.get(JAVA_BYTE, 0)).isEqualTo((byte) 1);
    }

    @Example
    void takingOrAnsweringTooMuchIsTheBackendsMistake() {
        MemorySegment[] pages = pages(1);
        FrontRing front = new FrontRing(0, Blkif.RING, pages);
        BackRing back = new BackRing(Blkif.RING, pages);
        assertThatIllegalStateException().isThrownBy(() -> back.take(message, 0));
        assertThatIllegalStateException().isThrownBy(() -> back.put(message, 0));
        assertThatIllegalStateException().isThrownBy(() -> front.take(message, 0));
        fill(front, 32);
        assertThatIllegalStateException().isThrownBy(() -> front.put(message, 0));
        assertThatIllegalStateException().as("not looked yet").isThrownBy(() -> back.take(message, 0));
    }

    @Example
    void anEventComesWithTheResponseThatWasAskedFor() {
        MemorySegment[] pages = pages(1);
        FrontRing front = new FrontRing(0, Blkif.RING, pages);
        BackRing back = new BackRing(Blkif.RING, pages);
        fill(front, 10);
        take(back, 10);
        pages[0].set(JAVA_INT, RSP_EVENT, 5);
        assertThat(answer(back, 4)).isFalse();
        assertThat(answer(back, 1)).isTrue();
        assertThat(answer(back, 5)).isFalse();
        assertThat(back.push()).as("nothing new").isFalse();
        assertThat(back.finalCheck()).isZero();
        assertThat(pages[0].get(JAVA_INT, REQ_EVENT)).isEqualTo(11);
    }

    /// Both sides sleep when told that they may and are woken only when told that they must. A lost event stops them.
    @Example
    void noWakeUpIsLostBetweenTwoThreads() throws InterruptedException {
        MemorySegment[] pages = pages(2);
        FrontRing front = new FrontRing(-100, Netif.RX, pages);
        BackRing back = BackRing.attach(Netif.RX, pages);
        Semaphore toBack = new Semaphore(0);
        Semaphore toFront = new Semaphore(0);
        int total = 300_000;
        Thread backend = Thread.ofPlatform().daemon().start(() -> echo(back, toBack, toFront, total));
        MemorySegment slot = Arena.ofAuto().allocate(64, 8);
        int sent = 0;
        int received = 0;
        while (received < total) {
            while (sent < total && front.free() > 0) {
                slot.set(JAVA_INT, 0, sent++);
                front.put(slot, 0);
            }
            if (front.push()) {
                toBack.release();
            }
            int waiting = front.finalCheck();
            for (int i = 0; i < waiting; i++) {
                front.take(slot, 0);
                assertThat(slot.get(JAVA_INT, 0)).isEqualTo(received++);
            }
            if (waiting == 0) {
                assertThat(toFront.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            }
        }
        assertThat(backend.join(PATIENCE)).isTrue();
    }

    private static void echo(BackRing back, Semaphore toBack, Semaphore toFront, int total) {
        MemorySegment slot = Arena.ofAuto().allocate(64, 8);
        for (int served = 0; served < total;) {
            int waiting = back.finalCheck();
            for (int i = 0; i < waiting; i++) {
                back.take(slot, 0);
                back.put(slot, 0);
            }
            served += waiting;
            if (back.push()) {
                toFront.release();
            }
            if (waiting == 0) {
                toBack.acquireUninterruptibly();
            }
        }
    }

    private void fill(FrontRing front, int count) {
        message.fill((byte) 0);
        for (int i = 0; i < count; i++) {
            front.put(message, 0);
        }
        front.push();
    }

    private void take(BackRing back, int count) {
        assertThat(back.waiting()).isEqualTo(count);
        for (int i = 0; i < count; i++) {
            back.take(message, 0);
        }
    }

    private boolean answer(BackRing back, int count) {
        for (int i = 0; i < count; i++) {
            back.put(message, 0);
        }
        return back.push();
    }
}
