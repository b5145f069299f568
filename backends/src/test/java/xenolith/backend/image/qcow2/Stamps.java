package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;

/// What a disk may hold: each sector bears its number and the stamp of the write that it is from. A flush that is
/// acknowledged settles what was written before it began; of later writes to a sector any may be found.
final class Stamps {
    static final int SECTOR = 512;

    private final long[] settled;
    private final long[] latest;
    private final boolean[] discarded;
    private long next;

    Stamps(int sectorCount) {
        this(sectorCount, 1);
    }

    /// @param first the first write's stamp
    Stamps(int sectorCount, long first) {
        next = first;
        settled = new long[sectorCount];
        latest = new long[sectorCount];
        discarded = new boolean[sectorCount];
    }

    /// The next write's stamp.
    synchronized long next() {
        return next;
    }

    /// The bytes of a write that is about to begin.
    synchronized byte[] write(int sector, int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count * SECTOR);
        long stamp = next++;
        for (int i = 0; i < count; i++) {
            for (int word = 0; word < SECTOR / 16; word++) {
                bytes.putLong(sector + i).putLong(stamp);
            }
            latest[sector + i] = stamp;
        }
        return bytes.array();
    }

    synchronized void discard(int sector, int count) {
        for (int i = sector; i < sector + count; i++) {
            discarded[i] = true;
        }
    }

    /// What a flush that begins now will settle.
    synchronized long[] beforeFlush() {
        return latest.clone();
    }

    /// The same for one of several threads, which knows that its own writes are over.
    synchronized long[] beforeFlush(int thread, int threads, int piece) {
        long[] own = latest.clone();
        for (int i = 0; i < own.length; i++) {
            own[i] = i / piece % threads == thread ? own[i] : 0;
        }
        return own;
    }

    synchronized void flushed(long[] before) {
        for (int i = 0; i < before.length; i++) {
            settled[i] = Math.max(settled[i], before[i]);
        }
    }

    /// Fails unless `bytes`, which stood from `sector` on, may stand there.
    ///
    /// @param lost what was not flushed may be gone
    synchronized void check(int sector, byte[] bytes, boolean lost) {
        ByteBuffer words = ByteBuffer.wrap(bytes);
        for (int at = sector; words.hasRemaining(); at++) {
            long number = words.getLong();
            long stamp = words.getLong();
            for (int word = 1; word < SECTOR / 16; word++) {
                assertThat(words.getLong()).as("sector %s is mixed", at).isEqualTo(number);
                assertThat(words.getLong()).as("sector %s is mixed", at).isEqualTo(stamp);
            }
            if (stamp == 0 && (discarded[at] || (lost ? settled : latest)[at] == 0)) {
                continue;
            }
            assertThat(number).as("the sector that stands in sector %s", at).isEqualTo(at);
            long least = discarded[at] ? 1 : lost ? settled[at] : latest[at];
            assertThat(stamp).as("stamp of sector %s, settled %s", at, settled[at]).isBetween(least, latest[at]);
        }
    }

    /// After a crash: what is there is what there is, and what is not is lost for good.
    synchronized void adopt(byte[] bytes) {
        ByteBuffer words = ByteBuffer.wrap(bytes);
        for (int at = 0; at < settled.length; at++) {
            settled[at] = words.getLong(at * SECTOR + Long.BYTES);
            latest[at] = settled[at];
            discarded[at] = false;
        }
    }
}
