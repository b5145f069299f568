package xenolith.backend.image.qcow2;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentLinkedDeque;
import xenolith.backend.image.BadImageException;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.DiskInUseException;
import xenolith.backend.image.DiskSizeException;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;

/// A disk in a qcow2 image, of version 2 or 3, with its backing files.
///
/// What a flush has acknowledged survives whatever ends this process or the host; what is newer may be lost, and the
/// image is sound at every moment, but for clusters that nothing refers to any more (`qemu-img check` calls them
/// leaks).
public final class Qcow2Image implements DiskImage {
    private final Geometry geometry;
    private final boolean readOnly;
    private final Storage storage;
    private final Backing backing;
    private final Tables tables;
    private final Reader reader;
    private final Writer writer;
    private final Discarder discarder;
    private final Growth growth;
    /// One for each request that is in hand at the same time.
    private final ConcurrentLinkedDeque<Workspace> spaces = new ConcurrentLinkedDeque<>();

    private Qcow2Image(String name, Header header, boolean readOnly, Storage storage, DiskImage backing)
            throws StorageException {
        this.geometry = header.geometry();
        this.readOnly = readOnly;
        this.storage = storage;
        this.backing = new Backing(backing);
        this.tables = new Tables(name, header, storage);
        this.reader = new Reader(tables, this.backing);
        this.writer = new Writer(tables, this.backing, reader);
        this.discarder = new Discarder(tables, this.backing);
        this.growth = new Growth(header, tables, this.backing);
    }

    /// Opens an image and, for reading, its backing files.
    ///
    /// @param withBacking whether it may name a backing file: one whose author is not trusted may name any file
    /// @throws BadImageException  if it, or a file behind it, cannot be used
    /// @throws DiskInUseException if another disk has it or, to write, a file behind it
    public static Qcow2Image open(Path path, boolean readOnly, boolean withBacking) {
        return new BackingChain(withBacking).open(path, readOnly);
    }

    /// Makes an image that holds nothing yet, so that `backing` shows.
    ///
    /// @param byteLength of the disk
    /// @param format     of the backing file: `raw` or `qcow2`
    /// @throws BadImageException if it cannot be made, or is there already
    public static void create(Path path, long byteLength, Path backing, String format) {
        Qcow2Creator.create(path, byteLength, backing.toString(), format);
    }

    /// Whether `image` has `backing` as its backing file.
    public static boolean isOver(Path image, Path backing) {
        try (FileStorage storage = FileStorage.open(image, true)) {
            Header header = new HeaderReader(image, true, head(storage, 1 << Geometry.MAX_CLUSTER_BITS)
                    .toArray(ValueLayout.JAVA_BYTE), storage.byteLength()).read();
            return header.backingFile() != null
                    && Files.isSameFile(image.toAbsolutePath().getParent().resolve(header.backingFile()), backing);
        } catch (IOException | InvalidPathException _) {
            return false;
        }
    }

    /// Whether a file says of itself that it is a qcow2 image.
    public static boolean isRecognised(Path path) {
        try (FileStorage storage = FileStorage.open(path, true)) {
            return head(storage, Integer.BYTES).getAtIndex(ValueLayout.JAVA_INT, 0)
                    == Integer.reverseBytes(Header.MAGIC);
        }
    }

    /// Opens what lies in `storage`, which is closed with it, or now if that fails.
    static Qcow2Image open(Path path, Storage storage, boolean readOnly, BackingChain chain) {
        DiskImage backing = null;
        try {
            Header header = new HeaderReader(path, readOnly, head(storage, 1 << Geometry.MAX_CLUSTER_BITS)
                    .toArray(ValueLayout.JAVA_BYTE), storage.byteLength()).read();
            backing = chain.backing(path, header);
            Qcow2Image image = new Qcow2Image(path.toString(), header, readOnly, storage, backing);
            if (!readOnly && header.autoclear() != 0) {
                image.clearAutoclear();
            }
            return image;
        } catch (StorageException e) {
            close(storage, backing);
            throw new BadImageException(path, "is damaged: " + e.getMessage());
        } catch (RuntimeException e) {
            close(storage, backing);
            throw e;
        }
    }

    private static void close(Storage storage, DiskImage backing) {
        if (backing != null) {
            backing.close();
        }
        storage.close();
    }

    /// The first bytes, or as many as there are.
    private static MemorySegment head(Storage storage, int most) {
        long length = Math.min(most, storage.byteLength());
        MemorySegment bytes = Arena.ofAuto().allocate(Math.max(length, Integer.BYTES), Long.BYTES);
        Iovec piece = new Iovec(1);
        piece.add(bytes, 0, length);
        HostException.check("reading an image's header", storage.read(piece, 0));
        return bytes.asSlice(0, Math.max(length, Integer.BYTES));
    }

    /// We keep none of what these bits stand for, so it must not be believed after we have written.
    private void clearAutoclear() throws StorageException {
        new MetadataIo(storage).write(Refcounts.bigEndian(0), Header.AUTOCLEAR, "the header");
        StorageException.check(storage.sync(), "sync");
    }

    @Override
    public boolean isReadOnly() {
        return readOnly;
    }

    @Override
    public long sectorCount() {
        return tables.byteLength() / SECTOR_BYTES;
    }

    @Override
    public void grow(long byteLength) {
        if (readOnly) {
            throw new DiskSizeException("it is read-only");
        }
        growth.to(byteLength);
    }

    @Override
    public int discardGranularity() {
        return geometry.clusterBytes();
    }

    @Override
    public int read(Iovec to, long offset) {
        Workspace space = take();
        try {
            return reader.read(space, to, offset);
        } finally {
            spaces.push(space);
        }
    }

    @Override
    public int write(Iovec from, long offset) {
        if (readOnly) {
            return -Errno.EBADF;
        }
        Workspace space = take();
        try {
            return writer.write(space, from, offset);
        } finally {
            spaces.push(space);
        }
    }

    private Workspace take() {
        Workspace space = spaces.poll();
        return space != null ? space : new Workspace(geometry);
    }

    @Override
    public int flush() {
        return readOnly ? 0 : tables.commit();
    }

    @Override
    public void onLoss(Runnable action) {
        storage.onLoss(action);
    }

    @Override
    public int discard(long offset, long byteLength) {
        return readOnly ? -Errno.EBADF : discarder.discard(offset, byteLength);
    }

    /// Writes what is in memory; nobody uses it any more.
    @Override
    public void close() {
        if (!readOnly) {
            tables.close();
        }
        backing.close();
        storage.close();
    }
}
