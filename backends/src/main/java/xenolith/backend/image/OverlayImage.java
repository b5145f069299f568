package xenolith.backend.image;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;

/// What is written to a disk that is itself only read, and is gone when this is closed.
///
/// Writes go to a file that has no name, at the place that they have on the disk; a bit for each sector says that it is
/// there. So no write reads anything, and threads do not wait for each other: a sector's bit is set when its bytes are
/// there. A flush has nothing to do, for nothing is to survive.
public final class OverlayImage implements DiskImage {
    /// Sectors whose bits are in one array, which comes with the first of them: a GiB of disk, 256 KiB of memory.
    private static final int CHUNK_BITS = 21;

    private final DiskImage base;
    private final Fd scratch;
    private final long sectorCount;
    private final AtomicReferenceArray<AtomicLongArray> chunks;

    /// @param base   closed with this
    /// @param folder where the file is made that holds what is written
    /// @throws BadImageException if it cannot be made there
    public OverlayImage(DiskImage base, Path folder) {
        this.base = base;
        this.sectorCount = base.sectorCount();
        try {
            this.scratch = Fd.open(folder.toString(), Fd.O_RDWR | Fd.O_TMPFILE);
        } catch (HostException e) {
            throw new BadImageException(folder, "cannot take the overlay of a disk: " + e.getMessage());
        }
        this.chunks = new AtomicReferenceArray<>((int) (sectorCount >>> CHUNK_BITS) + 1);
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public long sectorCount() {
        return sectorCount;
    }

    @Override
    public int logicalSectorBytes() {
        return base.logicalSectorBytes();
    }

    @Override
    public int physicalSectorBytes() {
        return base.physicalSectorBytes();
    }

    /// Each step moves a run of sectors that are all in the one place or all in the other.
    @Override
    public int read(Iovec to, long offset) {
        long sector = offset / SECTOR_BYTES;
        Iovec part = null;
        while (to.byteLength() > 0) {
            long end = sector + to.byteLength() / SECTOR_BYTES;
            boolean written = isWritten(sector);
            long runEnd = runEnd(sector, end, written);
            Iovec pieces = to;
            if (runEnd < end) {
                part = part != null ? part : new Iovec(Iovec.MAX_PIECES);
                part.clear();
                part.take(to, (runEnd - sector) * SECTOR_BYTES);
                pieces = part;
            }
            // Of what was written, sectors at the end may have been discarded.
            long result = written ? FileMove.readAsEndless(scratch, pieces, sector * SECTOR_BYTES)
                    : base.read(pieces, sector * SECTOR_BYTES);
            if (result < 0) {
                return (int) result;
            }
            sector = runEnd;
        }
        return 0;
    }

    @Override
    public int write(Iovec from, long offset) {
        long end = offset + from.byteLength();
        int result = FileMove.all(scratch, from, offset, true);
        if (result == 0) {
            mark(offset / SECTOR_BYTES, end / SECTOR_BYTES);
        }
        return result;
    }

    @Override
    public int flush() {
        return 0;
    }

    /// Of what was never written there is nothing to free.
    @Override
    public int discard(long offset, long byteLength) {
        return scratch.punchHole(offset, byteLength);
    }

    @Override
    public void close() {
        scratch.close();
        base.close();
    }

    private AtomicLongArray chunk(long sector) {
        return chunks.get((int) (sector >>> CHUNK_BITS));
    }

    private static int word(long sector) {
        return (int) (sector & (1L << CHUNK_BITS) - 1) >>> 6;
    }

    private boolean isWritten(long sector) {
        AtomicLongArray chunk = chunk(sector);
        return chunk != null && (chunk.get(word(sector)) >>> sector & 1) != 0;
    }

    /// The first sector from `sector` on, up to `end`, that is not as `written` says.
    private long runEnd(long sector, long end, boolean written) {
        long at = sector;
        while (at < end) {
            AtomicLongArray chunk = chunk(at);
            long bits = chunk == null ? 0 : chunk.get(word(at));
            long others = (written ? ~bits : bits) >>> at;
            if (others != 0) {
                return Math.min(end, at + Long.numberOfTrailingZeros(others));
            }
            at = (at | Long.SIZE - 1) + 1;
        }
        return end;
    }

    private void mark(long first, long end) {
        long at = first;
        while (at < end) {
            AtomicLongArray chunk = chunk(at);
            if (chunk == null) {
                chunks.compareAndSet((int) (at >>> CHUNK_BITS), null, new AtomicLongArray(1 << CHUNK_BITS - 6));
                chunk = chunk(at);
            }
            long next = Math.min(end, (at | Long.SIZE - 1) + 1);
            long bits = -1L >>> Long.SIZE - (int) (next - at) << at;
            chunk.getAndAccumulate(word(at), bits, (old, more) -> old | more);
            at = next;
        }
    }
}
