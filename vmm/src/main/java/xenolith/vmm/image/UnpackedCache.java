package xenolith.vmm.image;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;

/// Unpacked kernels on disk, so that a second start need not unpack again.
///
/// An entry is the ELF file, from the start so that a mapping of it is page-aligned, and behind it a [trailer](#seal)
/// whose checksum covers every byte of the ELF, the trailer and the key. Checking all of it costs 2–5 ms for 53 MB,
/// so nothing is taken on trust; it also finds what a crash left behind, and thus nothing is ever synced.
///
/// A cache that cannot be read or written is no error: the kernel is unpacked instead. Several processes may share
/// the directory: entries appear by rename and vanish by unlink, and a mapping outlives both.
final class UnpackedCache {
    static final int MAX_ENTRIES = 8;
    private static final String SUFFIX = ".elf";
    private static final int TRAILER = 4 * Long.BYTES;
    private static final long MAGIC = 0x3146_4c45_4f4e_4558L;
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final Set<OpenOption> TO_READ = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);

    /// An unpacked kernel in memory; the holder runs `release` once.
    record Entry(Runnable release, MemorySegment elf, Compression compression) {
    }

    private final Path directory;

    UnpackedCache(Path directory) {
        this.directory = directory;
    }

    /// The entry stored under `key`, if it is there and whole. A damaged one is deleted.
    Optional<Entry> find(String key) {
        Path path = directory.resolve(key + SUFFIX);
        try (FileChannel channel = FileChannel.open(path, TO_READ)) {
            Optional<Entry> entry = load(channel, key);
            if (entry.isPresent()) {
                touch(path);
            } else {
                Files.deleteIfExists(path);
            }
            return entry;
        } catch (IOException absent) {
            // No entry, or none that can be read: the caller unpacks.
            return Optional.empty();
        }
    }

    /// Keeps `elf` under `key`, if it can, and forgets the entries that were not used for longest.
    void store(String key, MemorySegment elf, Compression compression) {
        Path temporary = null;
        try {
            Files.createDirectories(directory);
            temporary = Files.createTempFile(directory, "unpacking-", CacheSweeper.TEMPORARY_SUFFIX);
            write(temporary, elf, seal(elf, compression, key));
            Files.move(temporary, directory.resolve(key + SUFFIX), StandardCopyOption.ATOMIC_MOVE);
            temporary = null;
            CacheSweeper.sweep(directory, SUFFIX, MAX_ENTRIES);
        } catch (IOException | UnsupportedOperationException unwritable) {
            // A full or read-only disk costs the next start the unpacking, nothing else.
            CacheSweeper.delete(temporary);
        }
    }

    /// Sweeping removes what was used longest ago: this one was used now.
    private static void touch(Path path) {
        try {
            Files.setLastModifiedTime(path, FileTime.from(Instant.now()));
        } catch (IOException readOnly) {
            // Then nothing is swept here either.
        }
    }

    private static Optional<Entry> load(FileChannel channel, String key) throws IOException {
        long size = channel.size();
        if (size <= TRAILER || size > KernelImage.MAX_BYTES + TRAILER) {
            return Optional.empty();
        }
        Arena arena = Arena.ofShared();
        Optional<Entry> entry = Optional.empty();
        try {
            entry = verified(channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena), key, arena::close);
        } finally {
            if (entry.isEmpty()) {
                arena.close();
            }
        }
        return entry;
    }

    private static Optional<Entry> verified(MemorySegment file, String key, Runnable release) {
        long elfBytes = file.byteSize() - TRAILER;
        if (file.get(WORD, elfBytes) != MAGIC || file.get(WORD, elfBytes + 8) != elfBytes) {
            return Optional.empty();
        }
        long stored = file.get(WORD, elfBytes + 16);
        Compression[] known = Compression.values();
        if (stored < 0 || stored >= known.length) {
            return Optional.empty();
        }
        MemorySegment elf = file.asSlice(0, elfBytes);
        Compression compression = known[(int) stored];
        return seal(elf, compression, key).mismatch(file.asSlice(elfBytes)) == -1
                ? Optional.of(new Entry(release, elf, compression))
                : Optional.empty();
    }

    /// The trailer: magic, length of the ELF, [Compression]'s ordinal, CRC-32C of the ELF, the key and the three
    /// words before. The key is in it so that an entry under another's name is not taken.
    private static MemorySegment seal(MemorySegment elf, Compression compression, String key) {
        MemorySegment trailer = MemorySegment.ofArray(new byte[TRAILER]);
        trailer.set(WORD, 0, MAGIC);
        trailer.set(WORD, 8, elf.byteSize());
        trailer.set(WORD, 16, compression.ordinal());
        CRC32C checksum = new CRC32C();
        checksum.update(elf.asByteBuffer());
        checksum.update(key.getBytes(StandardCharsets.UTF_8));
        checksum.update(trailer.asSlice(0, 24).asByteBuffer());
        trailer.set(WORD, 24, checksum.getValue());
        return trailer;
    }

    private static void write(Path path, MemorySegment elf, MemorySegment trailer) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            for (ByteBuffer part : new ByteBuffer[] {elf.asByteBuffer(), trailer.asByteBuffer()}) {
                while (part.hasRemaining()) {
                    channel.write(part);
                }
            }
        }
    }
}
