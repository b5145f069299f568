package xenolith.abi.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import xenolith.abi.XenErrno;

class ByteRingTest {
    private static final ByteRing.Geometry RING = ConsoleRing.OUT;
    private static final int EINVAL = -XenErrno.EINVAL;
    private final MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[8192]);

    /// A step of a conversation: up to so many bytes are written, or read if negative.
    @Property(tries = 500)
    void aRingIsAQueueOfAtMostItsSize(@ForAll int start, @ForAll @Size(max = 60) List<@IntRange(min = -3000, max = 3000)
            Integer> steps) {
        setIndices(start, start);
        ByteRing.Producer producer = new ByteRing.Producer(page, RING, start);
        ByteRing.Consumer consumer = new ByteRing.Consumer(page, RING, start);
        Queue<Byte> model = new ArrayDeque<>();
        Random bytes = new Random(start);
        for (int step : steps) {
            if (step >= 0) {
                checkWrite(producer, model, bytes, step);
            } else {
                checkRead(consumer, model, -step);
            }
            assertThat(consumer.available()).isEqualTo(model.size());
            assertThat(producer.space()).isEqualTo(RING.byteSize() - model.size());
        }
    }

    private void checkWrite(ByteRing.Producer producer, Queue<Byte> model, Random random, int max) {
        byte[] bytes = new byte[max];
        random.nextBytes(bytes);
        int expected = Math.min(max, RING.byteSize() - model.size());
        assertThat(producer.write(MemorySegment.ofArray(bytes), 0, max)).isEqualTo(expected);
        for (int i = 0; i < expected; i++) {
            model.add(bytes[i]);
        }
    }

    private void checkRead(ByteRing.Consumer consumer, Queue<Byte> model, int max) {
        int expected = Math.min(max, model.size());
        assertThat(consumer.read(buffer, 1, max)).isEqualTo(expected);
        for (int i = 0; i < expected; i++) {
            assertThat(buffer.get(ValueLayout.JAVA_BYTE, 1L + i)).isEqualTo(model.remove());
        }
    }

    @Example
    void indicesRunOnAcrossTheEndOfThirtyTwoBits() {
        int start = -1000;
        setIndices(start, start);
        ByteRing.Producer producer = new ByteRing.Producer(page, RING, start);
        ByteRing.Consumer consumer = new ByteRing.Consumer(page, RING, start);
        assertThat(producer.write(buffer, 0, 2048)).isEqualTo(2048);
        assertThat(producer.write(buffer, 0, 1)).isZero();
        assertThat(page.get(ValueLayout.JAVA_INT, RING.prodOffset())).isEqualTo(1048);
        assertThat(consumer.read(buffer, 0, 4000)).isEqualTo(2048);
        assertThat(page.get(ValueLayout.JAVA_INT, RING.consOffset())).isEqualTo(1048);
        assertThat(consumer.read(buffer, 0, 1)).isZero();
    }

    @Property
    void aProducerThatClaimsMoreThanTheRingHoldsIsRefused(@ForAll int cons, @ForAll int prod) {
        ByteRing.Consumer consumer = new ByteRing.Consumer(page, RING, cons);
        setIndices(cons, prod);
        long used = Integer.toUnsignedLong(prod - cons);
        int expected = used > 2048 ? EINVAL : (int) used;
        assertThat(consumer.available()).isEqualTo(expected);
        assertThat(consumer.read(buffer, 0, 8192)).isEqualTo(expected);
        assertThat(page.get(ValueLayout.JAVA_INT, RING.consOffset())).isEqualTo(used > 2048 ? cons : prod);
    }

    @Property
    void aConsumerThatClaimsToHaveReadTheFutureIsRefused(@ForAll int cons, @ForAll int prod) {
        ByteRing.Producer producer = new ByteRing.Producer(page, RING, prod);
        setIndices(cons, prod);
        long used = Integer.toUnsignedLong(prod - cons);
        int expected = used > 2048 ? EINVAL : (int) (2048 - used);
        assertThat(producer.space()).isEqualTo(expected);
        assertThat(producer.write(buffer, 0, 8192)).isEqualTo(expected);
    }

    @Example
    void theFirstCountOverTheSizeIsRefusedAndTheSizeItselfIsNot() {
        for (int start : new int[] {0, 5, -1, -2048, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            ByteRing.Consumer consumer = new ByteRing.Consumer(page, RING, start);
            setIndices(start, start + 2048);
            assertThat(consumer.available()).as("start %d", start).isEqualTo(2048);
            setIndices(start, start + 2049);
            assertThat(consumer.available()).as("start %d", start).isEqualTo(EINVAL);
            setIndices(start, start - 1);
            assertThat(consumer.available()).as("start %d", start).isEqualTo(EINVAL);
        }
    }

    @Example
    void ourOwnIndexIsNeverReadBackFromThePage() {
        ByteRing.Producer producer = new ByteRing.Producer(page, RING);
        ByteRing.Consumer consumer = new ByteRing.Consumer(page, RING);
        producer.write(MemorySegment.ofArray(new byte[] {1, 2, 3, 4}), 0, 4);
        assertThat(consumer.read(buffer, 0, 2)).isEqualTo(2);
        page.set(ValueLayout.JAVA_INT, RING.consOffset(), 4);
        assertThat(consumer.read(buffer, 0, 2)).isEqualTo(2);
        assertThat(buffer.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 3);
        page.set(ValueLayout.JAVA_INT, RING.prodOffset(), 12345);
        assertThat(producer.write(MemorySegment.ofArray(new byte[] {5}), 0, 1)).isOne();
        assertThat(page.get(ValueLayout.JAVA_INT, RING.prodOffset())).isEqualTo(5);
    }

    @Example
    void aRingTouchesNothingButItsPart() {
        page.fill((byte) 0x77);
        setIndices(0, 0);
        new ByteRing.Producer(page, RING).write(buffer, 0, 2048);
        for (long at = 0; at < 4096; at++) {
            boolean ours = at >= RING.dataOffset() && at < RING.dataOffset() + 2048
                    || at >= RING.consOffset() && at < RING.prodOffset() + 4;
            assertThat(page.get(ValueLayout.JAVA_BYTE, at) == 0x77).as("byte %d", at).isEqualTo(!ours);
        }
    }

    @Example
    void twoThreadsSeeTheSameStream() throws InterruptedException {
        byte[] stream = new byte[1 << 20];
        new Random(1).nextBytes(stream);
        byte[] received = new byte[stream.length];
        ByteRing.Producer producer = new ByteRing.Producer(page, RING);
        ByteRing.Consumer consumer = new ByteRing.Consumer(page, RING);
        Thread writer = Thread.ofPlatform().daemon().start(() ->
                pump(stream.length, (at, max) -> producer.write(MemorySegment.ofArray(stream), at, max)));
        pump(received.length, (at, max) -> consumer.read(MemorySegment.ofArray(received), at, max));
        assertThat(writer.join(Duration.ofSeconds(10))).isTrue();
        assertThat(received).isEqualTo(stream);
    }

    @FunctionalInterface
    private interface End {
        int move(int at, int max);
    }

    /// Moves `total` bytes through one end, a few hundred at a time; fails when the ring breaks or half a minute passes.
    private static void pump(int total, End end) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        for (int at = 0; at < total;) {
            int n = end.move(at, Math.min(777, total - at));
            assertThat(n).isNotNegative();
            assertThat(System.nanoTime()).isLessThan(deadline);
            at += n;
            if (n == 0) {
                Thread.yield();
            }
        }
    }

    @Example
    void aSizeThatIsNoPowerOfTwoIsTheCallersMistake() {
        for (int size : new int[] {0, 3, 1000, -1, Integer.MIN_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> new ByteRing.Geometry(0, size, 0, 4));
        }
    }

    private void setIndices(int cons, int prod) {
        page.set(ValueLayout.JAVA_INT, RING.consOffset(), cons);
        page.set(ValueLayout.JAVA_INT, RING.prodOffset(), prod);
    }
}
