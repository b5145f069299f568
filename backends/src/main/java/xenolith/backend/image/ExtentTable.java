package xenolith.backend.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// What a disk of extents is made of: for each range of its sectors a file or block device, a place there, and whether
/// the guest may write. Never changes; a disk gets another one ([ExtentsImage#replace]).
///
/// As text, a line for each extent, of five words: the disk's first sector, how many, `r` or `rw`, the first sector in
/// the file, and the file, whose name goes to the end of the line and is relative to the folder of the text. Sectors have
/// 512 bytes. Lines that are empty or begin with `#` mean nothing.
///
///     # sectors 0 to 2047 are the first MiB of a file, the rest is on a device
///     0     2048    r   0     boot.img
///     2048  1048576 rw  4096  /dev/vg/data
public final class ExtentTable {
    /// A line for each; a megabyte of text.
    private static final int MAX_EXTENTS = 16384;
    private static final long MAX_TEXT_BYTES = 8 << 20;
    /// Behind it an offset in bytes would not be a number.
    private static final long MAX_SECTOR = Long.MAX_VALUE / DiskImage.SECTOR_BYTES;

    /// A range of a disk.
    ///
    /// @param first      the disk's first sector
    /// @param count      how many
    /// @param writable   the guest may write them
    /// @param fileSector where they lie in the file
    /// @param file       which holds them
    public record Extent(long first, long count, boolean writable, long fileSector, Path file) {
        long end() {
            return first + count;
        }
    }

    private final List<Extent> extents;

    /// @param name    what the table is called, for messages
    /// @param extents in any order
    /// @throws BadImageException if two overlap on the disk, or one is empty or leaves what can be counted
    public ExtentTable(Path name, List<Extent> extents) {
        List<Extent> sorted = new ArrayList<>(extents);
        sorted.sort(Comparator.comparingLong(Extent::first));
        long end = 0;
        for (Extent extent : sorted) {
            if (extent.first < 0 || extent.count < 1 || extent.fileSector < 0
                    || extent.count > MAX_SECTOR - extent.first || extent.count > MAX_SECTOR - extent.fileSector) {
                throw new BadImageException(name, "has an extent of " + extent.count + " sectors at " + extent.first);
            }
            if (extent.first < end) {
                throw new BadImageException(name, "has two extents for sector " + extent.first);
            }
            end = extent.end();
        }
        if (sorted.isEmpty() || sorted.size() > MAX_EXTENTS) {
            throw new BadImageException(name, "has " + sorted.size() + " extents, of 1 to " + MAX_EXTENTS);
        }
        this.extents = List.copyOf(sorted);
    }

    /// Reads a table's text.
    ///
    /// @throws BadImageException if it cannot be read, or makes no sense, with the line
    public static ExtentTable read(Path path) {
        List<Extent> extents = new ArrayList<>();
        Path folder = path.toAbsolutePath().getParent();
        try {
            if (Files.size(path) > MAX_TEXT_BYTES) {
                throw new BadImageException(path, "is too long for a table of extents");
            }
            int number = 0;
            for (String line : Files.readAllLines(path)) {
                number++;
                String text = line.strip();
                if (!text.isEmpty() && !text.startsWith("#")) {
                    extents.add(extent(path, number, text, folder));
                }
            }
        } catch (IOException e) {
            throw new BadImageException(path, "is no table of extents that can be read: " + e.getMessage());
        }
        return new ExtentTable(path, extents);
    }

    private static Extent extent(Path path, int number, String line, Path folder) {
        String[] words = line.split("\\s+", 5);
        try {
            boolean writable = words.length == 5 && words[2].equals("rw");
            if (words.length == 5 && (writable || words[2].equals("r"))) {
                return new Extent(Long.parseLong(words[0]), Long.parseLong(words[1]), writable, Long.parseLong(words[3]),
                        folder.resolve(words[4]));
            }
        } catch (NumberFormatException | InvalidPathException _) {
            // As any other line that is no extent.
        }
        throw new BadImageException(path, "line " + number + " is no extent: SECTOR COUNT r|rw FILE-SECTOR FILE");
    }

    List<Extent> extents() {
        return extents;
    }

    long sectorCount() {
        return extents.getLast().end();
    }

    /// The index of the extent that has `sector`, or -1.
    int find(long sector) {
        int low = 0;
        int high = extents.size() - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            Extent extent = extents.get(middle);
            if (sector < extent.first) {
                high = middle - 1;
            } else if (sector >= extent.end()) {
                low = middle + 1;
            } else {
                return middle;
            }
        }
        return -1;
    }
}
