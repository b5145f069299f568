package xenolith.vmm.port;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import xenolith.abi.io.ByteRing;

/// The ring that console and xenstore share with the guest, one end on each thread.
public final class ByteRingStress {
    private static final int SIZE = 2;
    private static final ByteRing.Geometry RING = new ByteRing.Geometry(0, SIZE, 8, 12);

    private ByteRingStress() {
    }

    abstract static class Ends {
        final MemorySegment page = MemorySegment.ofArray(new long[2]);
        final ByteRing.Producer producer = new ByteRing.Producer(page, RING);
        final ByteRing.Consumer consumer = new ByteRing.Consumer(page, RING);
        final MemorySegment out = MemorySegment.ofArray(new byte[] {1, 2, 3});
        final MemorySegment in = MemorySegment.ofArray(new byte[2]);
    }

    @JCStressTest
    @Outcome(id = {"0, 0", "2, 12"}, expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "bytes that nobody wrote")
    @State
    public static class ReadWhileWritten extends Ends {
        @Actor
        public void producer() {
            producer.write(out, 0, 2);
        }

        @Actor
        public void consumer(II_Result r) {
            r.r1 = consumer.read(in, 0, 2);
            r.r2 = 10 * in.get(ValueLayout.JAVA_BYTE, 0) + in.get(ValueLayout.JAVA_BYTE, 1);
        }
    }

    /// A full ring: the third byte takes the place of the first, after it was read.
    @JCStressTest
    @Outcome(id = {"0, 12", "1, 12"}, expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "a byte was overwritten before it was read")
    @State
    public static class WriteWhileRead extends Ends {
        public WriteWhileRead() {
            producer.write(out, 0, 2);
        }

        @Actor
        public void producer(II_Result r) {
            r.r1 = producer.write(out, 2, 1);
        }

        @Actor
        public void consumer(II_Result r) {
            consumer.read(in, 0, 2);
            r.r2 = 10 * in.get(ValueLayout.JAVA_BYTE, 0) + in.get(ValueLayout.JAVA_BYTE, 1);
        }
    }

    /// One byte is there. The consumer takes it and looks for more before it sleeps; the producer adds one and tells the
    /// consumer, if it had seen all before: the ring has room for one byte more.
    @JCStressTest
    @Outcome(id = {"1, 1", "0, 1", "1, 0"}, expect = ACCEPTABLE)
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "the consumer sleeps, and is not told")
    @State
    public static class WriteWhileTheConsumerFallsAsleep extends Ends {
        public WriteWhileTheConsumerFallsAsleep() {
            producer.write(out, 0, 1);
        }

        @Actor
        public void producer(II_Result r) {
            producer.write(out, 1, 1);
            r.r1 = producer.space() == SIZE - 1 || producer.space() == SIZE ? 1 : 0;
        }

        @Actor
        public void consumer(II_Result r) {
            consumer.read(in, 0, 1);
            r.r2 = consumer.available();
        }
    }
}
