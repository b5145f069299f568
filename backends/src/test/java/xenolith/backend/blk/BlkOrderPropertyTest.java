package xenolith.backend.blk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.Blkif.BLKIF_OP_FLUSH_DISKCACHE;
import static xenolith.abi.io.Blkif.BLKIF_OP_READ;
import static xenolith.abi.io.Blkif.BLKIF_OP_WRITE;
import static xenolith.abi.io.Blkif.BLKIF_OP_WRITE_BARRIER;
import static xenolith.abi.io.Blkif.BLKIF_RSP_OKAY;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import xenolith.backend.image.LateTransfers;

/// Whatever order the host ends transfers in, late, by halves or not at once: each request is answered once, what was
/// written last is read, and what orders others does so.
class BlkOrderPropertyTest {
    private static final int PLACES = 48;
    /// Places lie apart, so that each request is a transfer of its own.
    private static final int SECTORS_APART = 32;
    private static final int FIRST_REF = 1000;

    /// A request that waits for its answer.
    private record Sent(int operation, int place, MemorySegment page) {
    }

    private final class Run implements AutoCloseable {
        private final Random random;
        private final MemoryImage image = new MemoryImage(PLACES * SECTORS_APART);
        private final BlkFrontend guest;
        private final Map<Long, Sent> waiting = new HashMap<>();
        private final byte[] contents = new byte[PLACES];
        private final boolean[] known = new boolean[PLACES];
        private final boolean[] busy = new boolean[PLACES];
        private final List<String> expected = new ArrayList<>();
        private int plain;
        private int nextRef = FIRST_REF;

        Run(long seed) {
            random = new Random(seed);
            image.begins = true;
            guest = new BlkFrontend(image, () -> new LateTransfers(seed, BlkRuns.MOST_REQUESTS,
                    (what, at) -> image.calls.add(what + ' ' + at), _ -> false)).connect(0);
        }

        void send() {
            int kind = random.nextInt(12);
            if (kind == 0) {
                guest.request(BLKIF_OP_FLUSH_DISKCACHE, -1);
                post(new Sent(BLKIF_OP_FLUSH_DISKCACHE, -1, null), 1);
                return;
            }
            int place = random.nextInt(PLACES);
            while (busy[place]) {
                place = random.nextInt(PLACES);
            }
            int operation = kind == 1 ? BLKIF_OP_WRITE_BARRIER : kind < 7 ? BLKIF_OP_WRITE : BLKIF_OP_READ;
            busy[place] = true;
            MemorySegment page = guest.domain.grant(nextRef, operation != BLKIF_OP_READ);
            guest.request(operation, (long) place * SECTORS_APART, nextRef++);
            if (operation != BLKIF_OP_READ) {
                contents[place] = (byte) random.nextInt();
                known[place] = true;
                page.fill(contents[place]);
            }
            post(new Sent(operation, place, page), operation == BLKIF_OP_WRITE_BARRIER ? 2 : 0);
            plain += operation == BLKIF_OP_WRITE_BARRIER ? 0 : 1;
        }

        /// @param flushes how many of the image come with it: then all plain ones before it are over, and none behind it begun
        private void post(Sent sent, int flushes) {
            for (int i = 0; i < flushes; i++) {
                expected.add(plain + " begun, " + plain + " over");
            }
            waiting.put(guest.lastId(), sent);
            guest.post();
        }

        void take() {
            for (long id = guest.takeAnswer(); id != 0; id = guest.takeAnswer()) {
                Sent sent = waiting.remove(id);
                assertThat(sent).as("id=" + id + " is answered once").isNotNull();
                assertThat(guest.answeredStatus()).isEqualTo(BLKIF_RSP_OKAY);
                if (sent.place() >= 0) {
                    check(sent);
                }
            }
        }

        private void check(Sent sent) {
            busy[sent.place()] = false;
            if (sent.operation() == BLKIF_OP_READ && known[sent.place()]) {
                byte[] whole = new byte[4096];
                Arrays.fill(whole, contents[sent.place()]);
                assertThat(sent.page().toArray(JAVA_BYTE)).isEqualTo(whole);
            }
        }

        /// How many transfers were begun, and over, when the image was flushed.
        private List<String> flushes() {
            List<String> found = new ArrayList<>();
            int begun = 0;
            int over = 0;
            for (String call : image.calls) {
                begun += call.startsWith("begin") ? 1 : 0;
                over += call.startsWith("end") ? 1 : 0;
                if (call.equals("flush")) {
                    found.add(begun + " begun, " + over + " over");
                }
            }
            return found;
        }

        @Override
        public void close() {
            guest.close();
        }
    }

    @Property(tries = 40)
    void anyRequestsInAnyOrder(@ForAll long seed, @ForAll @IntRange(min = 1, max = 400) int count) {
        try (Run run = new Run(seed)) {
            int sent = 0;
            long deadline = System.nanoTime() + 30_000_000_000L;
            while (sent < count || !run.waiting.isEmpty()) {
                assertThat(System.nanoTime()).as(run.waiting::toString).isLessThan(deadline);
                for (int burst = run.random.nextInt(32); burst > 0 && sent < count && run.waiting.size() < 32; burst--) {
                    run.send();
                    sent++;
                }
                run.guest.push();
                run.take();
            }
            assertThat(run.flushes()).isEqualTo(run.expected);
        }
    }
}
