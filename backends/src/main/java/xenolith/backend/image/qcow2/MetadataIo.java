package xenolith.backend.image.qcow2;

import java.lang.foreign.MemorySegment;
import xenolith.posix.Iovec;

/// Reads and writes whole pieces of an image's own structures. For one thread at a time.
final class MetadataIo {
    private final Storage storage;
    private final Iovec piece = new Iovec(1);

    MetadataIo(Storage storage) {
        this.storage = storage;
    }

    void read(MemorySegment to, long offset, String what) throws StorageException {
        piece.clear();
        piece.add(to, 0, to.byteSize());
        long there = storage.read(piece, offset);
        StorageException.check(there, what);
        if (there < to.byteSize()) {
            throw new StorageException.Damaged(what + " at " + offset + " is behind the end of the file");
        }
    }

    void write(MemorySegment from, long offset, String what) throws StorageException {
        piece.clear();
        piece.add(from, 0, from.byteSize());
        StorageException.check(storage.write(piece, offset), what);
    }
}
