package xenolith.backend.image;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import xenolith.backend.image.ExtentTable.Extent;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;

/// A disk of extents, as in *Xen and the Art of Virtualization*: a table, which only the owner of the host changes, says
/// for each range of its sectors where they are and whether the guest may write them. A request that touches no extent, or
/// one against its rights, is an I/O error, and moves nothing.
///
/// The table stands behind one reference. [#replace] exchanges it; requests that are under way finish under the table
/// that they began with, whose files are closed after the last of them.
public final class ExtentsImage implements DiskImage {
    /// A table in use: its files, and how many requests use it, plus one as long as it is the disk's.
    private final class State {
        final ExtentTable table;
        final List<ExtentFiles.Open> files = new ArrayList<>();
        final AtomicInteger users = new AtomicInteger(1);

        /// Opens what the table names. On failure what was opened is closed.
        State(ExtentTable table) {
            this.table = table;
            try {
                for (Extent extent : table.extents()) {
                    boolean writable = isWritable(extent);
                    ExtentFiles.Open file = ExtentsImage.this.files.acquire(extent.file(), writable);
                    files.add(file);
                    checkFits(extent, file.image(writable));
                }
            } catch (BadImageException | DiskInUseException e) {
                close();
                throw e;
            }
        }

        private void checkFits(Extent extent, DiskImage image) {
            if (extent.fileSector() + extent.count() > image.sectorCount()) {
                throw new BadImageException(extent.file(), "has " + image.sectorCount() + " sectors, and no "
                        + extent.count() + " from sector " + extent.fileSector() + " on");
            }
        }

        boolean enter() {
            int before = users.get();
            while (before > 0 && !users.compareAndSet(before, before + 1)) {
                before = users.get();
            }
            return before > 0;
        }

        void leave() {
            if (users.decrementAndGet() == 0) {
                close();
            }
        }

        private void close() {
            for (int i = 0; i < files.size(); i++) {
                ExtentsImage.this.files.release(files.get(i), isWritable(table.extents().get(i)));
            }
        }
    }

    private final boolean readOnly;
    private final ExtentFiles files = new ExtentFiles();
    private volatile State state;

    /// @param readOnly nothing may be written, whatever rights the extents give
    /// @throws BadImageException  if a file cannot be used as the table says
    /// @throws DiskInUseException if another disk has one
    public ExtentsImage(ExtentTable table, boolean readOnly) {
        this.readOnly = readOnly;
        this.state = new State(table);
    }

    public static ExtentsImage open(Path table, boolean readOnly) {
        return new ExtentsImage(ExtentTable.read(table), readOnly);
    }

    /// Exchanges the table. Requests that begin from now on go by the new one. If a file of it cannot be used, the old
    /// one stays.
    ///
    /// @throws BadImageException  as when it was opened
    /// @throws DiskInUseException likewise
    public synchronized void replace(ExtentTable table) {
        State old = state;
        if (old == null) {
            throw new IllegalStateException("the disk is closed");
        }
        state = new State(table);
        old.leave();
    }

    private boolean isWritable(Extent extent) {
        return extent.writable() && !readOnly;
    }

    /// The table of now, which stays until [State#leave].
    private State enter() {
        State now = state;
        while (!now.enter()) {
            now = state;
        }
        return now;
    }

    @Override
    public boolean isReadOnly() {
        return readOnly;
    }

    /// Up to the end of the last extent.
    @Override
    public long sectorCount() {
        return state.table.sectorCount();
    }

    @Override
    public int read(Iovec to, long offset) {
        return transfer(to, offset, false);
    }

    @Override
    public int write(Iovec from, long offset) {
        return transfer(from, offset, true);
    }

    private int transfer(Iovec pieces, long offset, boolean write) {
        State now = enter();
        try {
            long sector = offset / SECTOR_BYTES;
            long count = pieces.byteLength() / SECTOR_BYTES;
            if (!isAllowed(now.table, sector, count, write)) {
                return -Errno.EIO;
            }
            int index = now.table.find(sector);
            if (sector + count <= now.table.extents().get(index).end()) {
                return move(now, index, pieces, sector, write);
            }
            return transferInParts(now, pieces, sector, write);
        } finally {
            now.leave();
        }
    }

    /// Each round moves what one extent has.
    private int transferInParts(State now, Iovec pieces, long sector, boolean write) {
        Iovec part = new Iovec(Iovec.MAX_PIECES);
        long at = sector;
        while (pieces.byteLength() > 0) {
            int index = now.table.find(at);
            long count = Math.min(pieces.byteLength() / SECTOR_BYTES, now.table.extents().get(index).end() - at);
            part.clear();
            part.take(pieces, count * SECTOR_BYTES);
            int result = move(now, index, part, at, write);
            if (result < 0) {
                return result;
            }
            at += count;
        }
        return 0;
    }

    private int move(State now, int index, Iovec pieces, long sector, boolean write) {
        Extent extent = now.table.extents().get(index);
        DiskImage image = now.files.get(index).image(isWritable(extent));
        long offset = (extent.fileSector() + sector - extent.first()) * SECTOR_BYTES;
        return write ? image.write(pieces, offset) : image.read(pieces, offset);
    }

    /// Whether there is an extent for each of the sectors, with the right that is wanted.
    private boolean isAllowed(ExtentTable table, long sector, long count, boolean write) {
        long at = sector;
        for (int index = table.find(sector); index >= 0 && index < table.extents().size(); index++) {
            Extent extent = table.extents().get(index);
            if (extent.first() > at || write && !isWritable(extent)) {
                return false;
            }
            at = extent.end();
            if (at >= sector + count) {
                return true;
            }
        }
        return false;
    }

    /// Of all files that anything was written to, under whichever table.
    @Override
    public int flush() {
        return files.flush();
    }

    @Override
    public void onLoss(Runnable action) {
        files.onLoss(action);
    }

    @Override
    public int discard(long offset, long byteLength) {
        State now = enter();
        try {
            long sector = offset / SECTOR_BYTES;
            long end = sector + byteLength / SECTOR_BYTES;
            if (!isAllowed(now.table, sector, end - sector, true)) {
                return -Errno.EIO;
            }
            while (sector < end) {
                int index = now.table.find(sector);
                Extent extent = now.table.extents().get(index);
                long count = Math.min(end, extent.end()) - sector;
                int result = now.files.get(index).image(true).discard(
                        (extent.fileSector() + sector - extent.first()) * SECTOR_BYTES, count * SECTOR_BYTES);
                if (result < 0) {
                    return result;
                }
                sector += count;
            }
            return 0;
        } finally {
            now.leave();
        }
    }

    /// Nobody uses it any more.
    @Override
    public synchronized void close() {
        state.leave();
    }
}
