package xenolith.backend.image;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
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
    /// @param fd   the file, locked: where there is no other way a block of zeros is written to it
    /// @param path the file's own
    /// @throws HostException of EINVAL if the file cannot be used so
    /// @throws BadImageException if it holds nothing by which that could be found out
    static int leastBytes(Fd fd, Path path, boolean readOnly) {
        return DirectAlignment.of(fd).map(DirectBlocks::stated).orElseGet(() -> found(fd, path, readOnly));
    }

    private static int stated(DirectAlignment alignment) {
        long bytes = Math.max(DiskImage.SECTOR_BYTES, Math.max(alignment.offsetBytes(), alignment.memoryBytes()));
        if (alignment.offsetBytes() == 0) {
            throw new HostException("O_DIRECT", Errno.EINVAL);
        }
        if (bytes > LARGEST_BYTES) {
            throw new HostException("O_DIRECT in blocks of " + bytes + " bytes", Errno.EINVAL);
        }
        return (int) bytes;
    }

    /// For hosts that do not tell: by reading where a file has data. What is a hole, or was never written, is zeros that no
    /// storage is asked for, in blocks of any size. Where it has none a file beside it is asked, which has.
    static int found(Fd fd, Path path, boolean readOnly) {
        long at = fd.firstData();
        if (at != -Errno.ENXIO) {
            return leastReadable(fd, Math.max(0, at & -LARGEST_BYTES));
        }
        return besideIt(path).orElseGet(() -> ofZeros(fd, path, readOnly));
    }

    /// Nothing if there can be no such file.
    private static Optional<Integer> besideIt(Path path) {
        try (Fd fd = Fd.open(path.toRealPath().getParent().toString(), Fd.O_TMPFILE | Fd.O_RDWR | Fd.O_DIRECT)) {
            writeZeros(fd);
            return Optional.of(leastReadable(fd, 0));
        } catch (HostException | IOException e) {
            return Optional.empty();
        }
    }

    /// Of the image itself, once it has data. A guess would be another when it has some by itself, and sectors of another size
    /// are another disk: the guest would not find its partitions.
    private static int ofZeros(Fd fd, Path path, boolean readOnly) {
        if (readOnly || fd.end() < LARGEST_BYTES) {
            throw new BadImageException(path, "holds nothing yet by which the size of its sectors could be found out: "
                    + "use it without direct I/O");
        }
        writeZeros(fd);
        return leastReadable(fd, 0);
    }

    /// A block that read as zeros before.
    private static void writeZeros(Fd fd) {
        try (Arena arena = Arena.ofConfined()) {
            Iovec piece = new Iovec(1);
            piece.add(arena.allocate(LARGEST_BYTES, LARGEST_BYTES), 0, LARGEST_BYTES);
            HostException.check("pwritev with O_DIRECT", FileMove.all(fd, piece, 0, true));
            HostException.check("fdatasync", fd.dataSync());
        }
    }

    private static int leastReadable(Fd fd, long offset) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(LARGEST_BYTES, LARGEST_BYTES);
            Iovec piece = new Iovec(1);
            long result = 0;
            for (int bytes = DiskImage.SECTOR_BYTES; bytes <= LARGEST_BYTES; bytes *= 2) {
                piece.clear();
                piece.add(block, 0, bytes);
                result = fd.preadv(piece, offset);
                if (result >= 0) {
                    return bytes;
                }
            }
            throw new HostException("preadv with O_DIRECT", (int) -result);
        }
    }
}
