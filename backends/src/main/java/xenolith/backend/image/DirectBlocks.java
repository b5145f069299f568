package xenolith.backend.image;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import xenolith.posix.DirectAlignment;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;

/// How large the blocks are in which a file is read and written past the page cache. What a file system wants may be more
/// or less than what its block device says.
final class DirectBlocks {
    /// A guest's pieces are aligned to sectors within pages, so nothing larger can be asked of them.
    static final int LARGEST_BYTES = 4096;

    private DirectBlocks() {
    }

    /// One size for offsets, lengths and memory, the same whatever the file holds by now.
    ///
    /// @param path the file's own
    /// @throws HostException of EINVAL if the file cannot be used so
    static int leastBytes(Fd fd, Path path) {
        return DirectAlignment.of(fd).map(DirectBlocks::told).orElseGet(() -> tried(fd, path));
    }

    private static int told(DirectAlignment alignment) {
        long bytes = Math.max(DiskImage.SECTOR_BYTES, Math.max(alignment.offsetBytes(), alignment.memoryBytes()));
        if (alignment.offsetBytes() == 0 || bytes > LARGEST_BYTES) {
            throw new HostException("O_DIRECT in blocks of " + alignment.offsetBytes() + " bytes", Errno.EINVAL);
        }
        return (int) bytes;
    }

    /// Found by trying, for hosts that do not tell. Where a file has data: what is a hole, or was never written, is zeros
    /// that no storage is asked for, in blocks of any size. Where it has none a file beside it is asked, which has.
    static int tried(Fd fd, Path path) {
        long at = fd.firstData();
        return at == -Errno.ENXIO ? besideIt(path.toAbsolutePath().getParent()) : tried(fd, Math.max(0, at & -LARGEST_BYTES));
    }

    /// The largest will do where there can be no such file.
    private static int besideIt(Path folder) {
        try (Fd fd = Fd.open(folder.toString(), Fd.O_TMPFILE | Fd.O_RDWR | Fd.O_DIRECT);
                Arena arena = Arena.ofConfined()) {
            Iovec piece = new Iovec(1);
            piece.add(arena.allocate(LARGEST_BYTES, LARGEST_BYTES), 0, LARGEST_BYTES);
            return fd.pwritev(piece, 0) == LARGEST_BYTES && fd.dataSync() == 0 ? tried(fd, 0) : LARGEST_BYTES;
        } catch (HostException e) {
            return LARGEST_BYTES;
        }
    }

    private static int tried(Fd fd, long at) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(LARGEST_BYTES, LARGEST_BYTES);
            Iovec piece = new Iovec(1);
            long result = 0;
            for (int bytes = DiskImage.SECTOR_BYTES; bytes <= LARGEST_BYTES; bytes *= 2) {
                piece.clear();
                piece.add(block, 0, bytes);
                result = fd.preadv(piece, at);
                if (result >= 0) {
                    return bytes;
                }
            }
            throw new HostException("preadv with O_DIRECT", (int) -result);
        }
    }
}
