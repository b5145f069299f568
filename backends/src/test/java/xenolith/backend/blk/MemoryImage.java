package xenolith.backend.blk;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.LateTransfers;
import xenolith.backend.image.Transfer;
import xenolith.backend.image.TransferQueue;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.Iovec;
import xenolith.posix.Memfd;

/// A disk of random bytes in memory that remembers by which calls it was used, and may have a bad sector.
final class MemoryImage implements DiskImage {
    final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    int logicalSectorBytes = SECTOR_BYTES;
    long badSector = -1;
    /// Whether transfers are begun, and their queue does the rest.
    boolean begins;
    private final Fd fd;
    private final long sectorCount;

    MemoryImage(int sectorCount) {
        this.sectorCount = sectorCount;
        this.fd = Memfd.create("test-disk", sectorCount * (long) SECTOR_BYTES);
        byte[] contents = new byte[sectorCount * SECTOR_BYTES];
        new Random(1).nextBytes(contents);
        try (Arena arena = Arena.ofConfined()) {
            Iovec piece = new Iovec(1);
            piece.add(arena.allocateFrom(ValueLayout.JAVA_BYTE, contents), 0, contents.length);
            fd.pwritev(piece, 0);
        }
    }

    byte[] range(long sector, int count) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate((long) count * SECTOR_BYTES);
            Iovec piece = new Iovec(1);
            piece.add(bytes, 0, bytes.byteSize());
            fd.preadv(piece, sector * SECTOR_BYTES);
            return bytes.toArray(ValueLayout.JAVA_BYTE);
        }
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
        return logicalSectorBytes;
    }

    @Override
    public int read(Iovec to, long offset) {
        return note("read", to, offset) ? move(to, fd.preadv(to, offset)) : -Errno.EIO;
    }

    @Override
    public int write(Iovec from, long offset) {
        return note("write", from, offset) ? move(from, fd.pwritev(from, offset)) : -Errno.EIO;
    }

    /// Returns false if the bad sector is in the range.
    private boolean note(String what, Iovec pieces, long offset) {
        calls.add(what + ' ' + offset + '+' + pieces.byteLength());
        long bad = badSector * SECTOR_BYTES;
        return bad < offset || bad >= offset + pieces.byteLength();
    }

    private static int move(Iovec pieces, long moved) {
        pieces.advance(moved);
        return 0;
    }

    @Override
    public boolean begin(Transfer transfer, TransferQueue queue) {
        return begins && LateTransfers.begin(transfer, queue, fd);
    }

    @Override
    public int flush() {
        calls.add("flush");
        return 0;
    }

    @Override
    public int discard(long offset, long byteLength) {
        calls.add("discard " + offset + '+' + byteLength);
        return 0;
    }

    @Override
    public void close() {
        fd.close();
    }
}
