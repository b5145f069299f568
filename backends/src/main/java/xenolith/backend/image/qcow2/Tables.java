package xenolith.backend.image.qcow2;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.ReentrantLock;
import xenolith.backend.image.qcow2.L2Entry.Kind;
import xenolith.backend.image.qcow2.Workspace.Extent;
import xenolith.posix.Errno;

/// An open image's own structures, and the lock over them.
///
/// Nobody moves data under [#lock]; what is read under it are tables. Lock order: that of commits, then this one.
final class Tables {
    private static final Logger LOG = System.getLogger(Tables.class.getName());
    /// Rounds of committing and letting go when an image is closed; what is left then is leaked.
    private static final int CLOSING_ROUNDS = 1000;
    /// How often one commit asks the host to cut something out of the file, unless so much is to be cut that it must not
    /// become more. A flush need not wait for what others have discarded.
    private static final int FEW_CUTS = 256;

    final ReentrantLock lock = new ReentrantLock();
    final Geometry geometry;
    final Storage storage;
    final ClusterMap map;
    final Refcounts counts;
    final Allocator allocator;
    final Frees frees;
    final InFlight inFlight = new InFlight(lock);
    private final ReentrantLock commitLock = new ReentrantLock();
    private final MetadataIo commitIo;
    private final String name;
    private boolean complained;
    private volatile long byteLength;
    /// Goes up whenever clusters may get new contents.
    private volatile long age;

    /// @param name for the log
    Tables(String name, Header header, Storage storage) throws StorageException {
        this.name = name;
        this.geometry = header.geometry();
        this.byteLength = header.byteLength();
        this.storage = storage;
        this.commitIo = new MetadataIo(storage);
        MetadataIo io = new MetadataIo(storage);
        this.map = new ClusterMap(header, io);
        this.counts = new Refcounts(geometry, io, header.reftableOffset(), header.reftableClusters());
        this.frees = new Frees(geometry);
        this.allocator = new Allocator(geometry, counts, new Occupied(header, counts, map), frees, storage.byteLength(),
                storage.growsWithZeros());
    }

    /// Of the disk.
    long byteLength() {
        return byteLength;
    }

    /// A longer disk, whose header is on the storage.
    void grow(long byteLength, int tableCount) {
        lock.lock();
        try {
            map.grow(tableCount);
        } finally {
            lock.unlock();
        }
        this.byteLength = byteLength;
    }

    long age() {
        return age;
    }

    /// Finds the bytes from `offset` on, up to `most`, as far as one place has them. Under the lock.
    void locate(long offset, long most, Extent into) throws StorageException {
        int first = geometry.entryOf(offset);
        int inCluster = geometry.offsetInCluster(offset);
        Table table = map.table(geometry.tableOf(offset));
        long end = Math.min(most, ((long) geometry.entriesPerTable() - first << geometry.clusterBits()) - inCluster);
        into.entry = table == null ? 0 : table.get(first);
        into.kind = L2Entry.kind(into.entry, geometry);
        into.byteLength = geometry.clusterBytes() - inCluster;
        if (into.kind == Kind.COMPRESSED) {
            checkInFile(L2Entry.compressedOffset(into.entry, geometry), 1);
        } else if (into.kind == Kind.NORMAL) {
            into.hostOffset = L2Entry.offset(into.entry) + inCluster;
            checkInFile(L2Entry.offset(into.entry), geometry.clusterBytes());
        }
        for (int i = first + 1; into.byteLength < end && into.kind != Kind.COMPRESSED; i++) {
            long next = table == null ? 0 : table.get(i);
            if (L2Entry.kind(next, geometry) != into.kind
                    || into.kind == Kind.NORMAL && L2Entry.offset(next) != into.hostOffset + into.byteLength) {
                break;
            }
            if (into.kind == Kind.NORMAL) {
                checkInFile(L2Entry.offset(next), geometry.clusterBytes());
            }
            into.byteLength += geometry.clusterBytes();
        }
        into.byteLength = Math.min(into.byteLength, end);
    }

    /// A place that an entry names must be in the file.
    void checkInFile(long offset, long byteLength) throws StorageException.Damaged {
        if (!isInFile(offset, byteLength)) {
            throw new StorageException.Damaged("data at " + offset + " is behind the end of the file");
        }
    }

    private boolean isInFile(long offset, long byteLength) {
        return offset + byteLength <= allocator.endOffset();
    }

    /// Whether a cluster's data, if the entry leads to any, begin in the file.
    boolean leadsIntoFile(long entry) throws StorageException.Damaged {
        return switch (L2Entry.kind(entry, geometry)) {
            case NORMAL -> isInFile(L2Entry.offset(entry), geometry.clusterBytes());
            case COMPRESSED -> isInFile(L2Entry.compressedOffset(entry, geometry), 1);
            case ZERO, UNALLOCATED -> true;
        };
    }

    /// Whether so much has changed that a commit must come first. Under the lock.
    boolean isCrowded() {
        return map.isCrowded() || counts.isCrowded() || frees.areMany();
    }

    /// Brings to the storage all that was written before the call. Not under the lock. Returns 0 or `-errno`.
    int commit() {
        boolean many;
        lock.lock();
        try {
            many = frees.areTooMany();
        } finally {
            lock.unlock();
        }
        return commit(many ? Integer.MAX_VALUE : FEW_CUTS);
    }

    private int commit(int mostCuts) {
        int result;
        commitLock.lock();
        try {
            result = run(collect());
        } finally {
            commitLock.unlock();
        }
        if (result == 0) {
            settle(mostCuts);
        }
        return result;
    }

    private Commit collect() {
        Commit commit = new Commit();
        lock.lock();
        try {
            counts.collect(commit);
            map.collect(commit);
            frees.collect(commit, inFlight);
            return commit;
        } catch (RuntimeException | Error e) {
            // What was collected is as it was before: changed, and still to be written.
            commit.finish(false);
            throw e;
        } finally {
            lock.unlock();
        }
    }

    private int run(Commit commit) {
        int result = -Errno.EIO;
        try {
            commit.run(storage, commitIo);
            result = 0;
        } catch (StorageException e) {
            result = failed(e);
        } finally {
            finish(commit, result == 0);
        }
        return result;
    }

    private void finish(Commit commit, boolean succeeded) {
        lock.lock();
        try {
            commit.finish(succeeded);
        } finally {
            lock.unlock();
        }
    }

    /// Lets go of what is due, a part at a time. Not under the lock, nor that of commits: nobody else waits for the host.
    private void settle(int mostCuts) {
        boolean more = true;
        int cuts = 0;
        while (more && cuts < mostCuts) {
            Cut cut = new Cut();
            more = letGo(cut);
            if (!cut.isEmpty()) {
                try {
                    cuts += cut.punch(storage, geometry.clusterBits());
                } finally {
                    over(cut);
                }
            }
        }
    }

    /// What fails here is a leak, of which the writer need not be told.
    private boolean letGo(Cut cut) {
        lock.lock();
        try {
            return frees.settle(counts, inFlight, cut);
        } catch (StorageException e) {
            failed(e);
            return false;
        } finally {
            lock.unlock();
        }
    }

    private void over(Cut cut) {
        lock.lock();
        try {
            frees.over(cut, allocator);
            age++;
        } finally {
            lock.unlock();
        }
    }

    /// Commits all there is, and all that becomes free by that. Nobody uses the image any more.
    void close() {
        boolean more = true;
        for (int i = 0; i < CLOSING_ROUNDS && more; i++) {
            more = commit(Integer.MAX_VALUE) == 0 && !frees.isEmpty();
        }
        // The counts that the last round let go of.
        int result = commit();
        if (result < 0) {
            LOG.log(Level.ERROR, name + " is closed without the writes since its last flush: " + Errno.name(-result));
        }
    }

    /// The errno for a failure, negative; the first damage of an image is worth a line in the log.
    int failed(StorageException e) {
        if (e instanceof StorageException.Damaged && !complained) {
            complained = true;
            LOG.log(Level.WARNING, name + " is damaged: " + e.getMessage());
        }
        return -e.errno();
    }
}
