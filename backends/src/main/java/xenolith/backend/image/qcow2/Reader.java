package xenolith.backend.image.qcow2;

import java.lang.foreign.MemorySegment;
import xenolith.backend.image.qcow2.Workspace.Extent;
import xenolith.posix.Iovec;

/// Reads from an image: looks up under the lock, moves data outside it.
final class Reader {
    private final Tables tables;
    private final Backing backing;

    Reader(Tables tables, Backing backing) {
        this.tables = tables;
        this.backing = backing;
    }

    /// Fills all of `to`. Each step moves something or is the last.
    int read(Workspace space, Iovec to, long offset) {
        long at = offset;
        while (to.byteLength() > 0) {
            long before = to.byteLength();
            int result = step(space, to, at);
            if (result < 0) {
                return result;
            }
            at += before - to.byteLength();
        }
        return 0;
    }

    private int step(Workspace space, Iovec to, long offset) {
        int place;
        tables.lock.lock();
        try {
            tables.locate(offset, to.byteLength(), space.extent);
            place = tables.inFlight.begin();
        } catch (StorageException e) {
            return tables.failed(e);
        } finally {
            tables.lock.unlock();
        }
        try {
            return fetch(space, to, offset);
        } finally {
            tables.lock.lock();
            try {
                tables.inFlight.end(place);
            } finally {
                tables.lock.unlock();
            }
        }
    }

    /// Fills the first bytes of `to` from what was located.
    private int fetch(Workspace space, Iovec to, long offset) {
        Extent extent = space.extent;
        if (extent.byteLength == to.byteLength()) {
            return fetchAll(space, to, extent.entry, extent.kind, offset, extent.hostOffset);
        }
        space.part.clear();
        space.part.take(to, extent.byteLength);
        return fetchAll(space, space.part, extent.entry, extent.kind, offset, extent.hostOffset);
    }

    /// Fills all of `to` with the bytes of the disk from `offset` on, which are where `entry` says. By a step that is
    /// announced.
    int fetchAll(Workspace space, Iovec to, long entry, L2Entry.Kind kind, long offset, long hostOffset) {
        return switch (kind) {
            case UNALLOCATED -> backing.read(to, offset, space.other);
            case ZERO -> {
                to.fillZeros(to.byteLength());
                yield 0;
            }
            case NORMAL -> (int) Math.min(tables.storage.read(to, hostOffset), 0);
            case COMPRESSED -> unpack(space, to, entry, offset);
        };
    }

    private int unpack(Workspace space, Iovec to, long entry, long offset) {
        try {
            MemorySegment cluster = space.decompressor.cluster(entry, tables.age(), tables.storage);
            to.copyIn(0, cluster, tables.geometry.offsetInCluster(offset), to.byteLength());
            to.advance(to.byteLength());
            return 0;
        } catch (StorageException e) {
            return tables.failed(e);
        }
    }
}
