package xenolith.backend.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.abi.io.BackRing;
import xenolith.abi.io.FrontRing;
import xenolith.abi.io.Netif;
import xenolith.abi.io.Netif.RxRequest;
import xenolith.abi.io.Netif.TxRequest;
import xenolith.backend.FakePort;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;
import xenolith.vmm.port.GrantAccess;

/// A frame on its way leaves nothing to be collected behind.
@Timeout(60)
class AllocationTest {
    private static final int FRAMES = 20_000;
    private static final int FRAME_BYTES = 9000;

    /// Pages by their numbers, all granted.
    private static final class Pages implements GrantAccess {
        private final MemorySegment[] pages = new MemorySegment[64];
        private int mapped;

        Pages() {
            for (int i = 0; i < pages.length; i++) {
                pages[i] = Arena.ofAuto().allocate(4096, 4096);
            }
        }

        @Override
        public int map(int ref, boolean writable) {
            mapped++;
            return ref;
        }

        @Override
        public MemorySegment page(int handle) {
            return pages[handle];
        }

        @Override
        public void unmap(int handle) {
            mapped--;
        }

        @Override
        public int copyFrom(int ref, int offset, MemorySegment to, long toOffset, int byteLength) {
            MemorySegment.copy(pages[ref], offset, to, toOffset, byteLength);
            return 0;
        }

        @Override
        public int copyTo(int ref, int offset, MemorySegment from, long fromOffset, int byteLength) {
            MemorySegment.copy(from, fromOffset, pages[ref], offset, byteLength);
            return 0;
        }

        @Override
        public void close() {
            assertThat(mapped).isZero();
        }
    }

    /// Takes every frame; gives as many as are asked for.
    private static final class Loop implements FramePort {
        private final MemorySegment source = Arena.ofAuto().allocate(10 + FRAME_BYTES, 8);
        private int left;
        private long sent;

        @Override
        public int send(Iovec frame) {
            sent += frame.byteLength();
            return 0;
        }

        @Override
        public int receive(Iovec into) {
            return left-- > 0 ? (int) into.copyIn(0, source, 0, source.byteSize()) : -Errno.EAGAIN;
        }

        @Override
        public int descriptor() {
            return -1;
        }

        @Override
        public void close() {
        }
    }

    private final Pages pages = new Pages();
    private final Loop link = new Loop();
    private final MemorySegment slot = Arena.ofAuto().allocate(16, 8);
    private final Vif vif = new Vif(new FakeLink(), new OpenFilter(), Credit.unlimited());
    private final NetCounters counters = new NetCounters();

    private static long allocated() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        assumeTrue(threads.isThreadAllocatedMemorySupported(), "this JVM does not count what threads allocate");
        return threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
    }

    private interface Round {
        void run() throws Exception;
    }

    private static void allocatesNothing(Round round) throws Exception {
        for (int i = 0; i < FRAMES; i++) {
            round.run();
        }
        long before = allocated();
        for (int i = 0; i < FRAMES; i++) {
            round.run();
        }
        assertThat(allocated() - before).as("bytes for %d frames", FRAMES).isLessThan(FRAMES);
    }

    @Test
    void sendingAllocatesNothing() throws Exception {
        MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
        FrontRing front = new FrontRing(0, Netif.TX, page);
        TxPath tx = new TxPath(new BackRing(Netif.TX, page), new FakePort(), pages, link, vif, counters);
        allocatesNothing(() -> {
            for (int i = 0; i < 3; i++) {
                TxRequest.gref(slot, 0, i);
                TxRequest.offset(slot, 0, 0);
                TxRequest.size(slot, 0, i == 0 ? FRAME_BYTES : i == 1 ? 4096 : FRAME_BYTES - 2 * 4096);
                TxRequest.flags(slot, 0, i < 2 ? Netif.NETTXF_MORE_DATA : 0);
                front.put(slot, 0);
            }
            front.push();
            tx.serve(64, 1);
            for (int i = 0; i < 3 && front.waiting() > 0; i++) {
                front.take(slot, 0);
            }
        });
        assertThat(counters.txErrors).isZero();
        assertThat(link.sent).isEqualTo(2L * FRAMES * (FRAME_BYTES + 10));
        pages.close();
    }

    @Test
    void receivingAllocatesNothing() throws Exception {
        MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
        FrontRing front = new FrontRing(0, Netif.RX, page);
        GuestFeatures guest = new GuestFeatures(true, true, true, true, true, true);
        RxRing ring = new RxRing(new BackRing(Netif.RX, page), new FakePort(), pages, counters);
        RxPath rx = new RxPath(0, new RxRing[] {ring}, link, vif, guest, counters);
        allocatesNothing(() -> {
            for (int i = 0; i < 3; i++) {
                RxRequest.gref(slot, 0, i);
                front.put(slot, 0);
            }
            front.push();
            link.left = 1;
            rx.serve(64, 1);
            for (int i = 0; i < 3 && front.waiting() > 0; i++) {
                front.take(slot, 0);
            }
        });
        assertThat(counters.rxFrames).isEqualTo(2 * FRAMES);
    }
}
