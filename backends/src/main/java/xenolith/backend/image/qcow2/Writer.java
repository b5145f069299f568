package xenolith.backend.image.qcow2;

import java.lang.foreign.MemorySegment;
import xenolith.backend.image.qcow2.L2Entry.Kind;
import xenolith.backend.image.qcow2.Workspace.Plan;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;

/// Writes to an image. What lies in clusters of its own is overwritten in place. Else new clusters are found under the
/// lock; outside it they get the data, and what is beside it in the old ones; then, under the lock, the table learns of
/// them. So a commit, which copies tables under the lock, never brings to the storage an entry without its data.
final class Writer {
    /// The most clusters that one step gives a place.
    private static final int MAX_RUN = 64;

    private final Tables tables;
    private final Geometry geometry;
    private final Backing backing;
    private final Reader reader;

    Writer(Tables tables, Backing backing, Reader reader) {
        this.tables = tables;
        this.geometry = tables.geometry;
        this.backing = backing;
        this.reader = reader;
    }

    /// Writes all of `from`. Each step moves something, follows a commit, or is the last.
    int write(Workspace space, Iovec from, long offset) {
        long at = offset;
        while (from.byteLength() > 0) {
            long before = from.byteLength();
            int result = step(space, from, at);
            if (result < 0) {
                return result;
            }
            at += before - from.byteLength();
        }
        return 0;
    }

    private int step(Workspace space, Iovec from, long offset) {
        int place;
        tables.lock.lock();
        try {
            place = plan(space.plan, offset, from.byteLength());
        } catch (StorageException e) {
            return tables.failed(e);
        } finally {
            tables.lock.unlock();
        }
        if (place < 0) {
            return tables.commit();
        }
        int result = -Errno.EIO;
        try {
            result = store(space, from, offset);
        } finally {
            result = finish(space.plan, place, result);
        }
        return result;
    }

    /// Decides where the next bytes go, and announces it. Returns the step's place, or -1 if a commit must come first.
    private int plan(Plan plan, long offset, long byteLength) throws StorageException {
        long cluster = offset >>> geometry.clusterBits();
        long end = (offset + byteLength - 1 >>> geometry.clusterBits()) + 1;
        long tableEnd = cluster - geometry.entryOf(offset) + geometry.entriesPerTable();
        end = Math.min(end, tableEnd);
        // Whoever has it waits for nobody.
        while (tables.inFlight.firstOwned(cluster, cluster + 1) == cluster) {
            tables.inFlight.await();
        }
        end = tables.inFlight.firstOwned(cluster, end);
        Table table = tables.map.table(geometry.tableOf(offset));
        long entry = table == null ? 0 : table.get(geometry.entryOf(offset));
        plan.firstCluster = cluster;
        plan.inPlace = isInPlace(entry);
        if (plan.inPlace) {
            planInPlace(plan, table, offset, end);
        } else if (tables.isCrowded()) {
            return -1;
        } else {
            planNew(plan, offset, Math.min(end, cluster + MAX_RUN), entry);
        }
        long room = ((long) plan.clusterCount << geometry.clusterBits()) - geometry.offsetInCluster(offset);
        plan.byteLength = Math.min(byteLength, room);
        int place = tables.inFlight.begin();
        if (!plan.inPlace) {
            tables.inFlight.own(place, cluster, cluster + plan.clusterCount);
        }
        return place;
    }

    private boolean isInPlace(long entry) throws StorageException {
        return L2Entry.kind(entry, geometry) == Kind.NORMAL && L2Entry.isOurs(entry);
    }

    private void planInPlace(Plan plan, Table table, long offset, long end) throws StorageException {
        int first = geometry.entryOf(offset);
        long host = L2Entry.offset(table.get(first));
        tables.checkInFile(host, geometry.clusterBytes());
        int count = 1;
        while (plan.firstCluster + count < end && table.get(first + count)
                == L2Entry.normal(host + ((long) count << geometry.clusterBits()))) {
            tables.checkInFile(host + ((long) count << geometry.clusterBits()), geometry.clusterBytes());
            count++;
        }
        plan.clusterCount = count;
        plan.hostOffset = host + geometry.offsetInCluster(offset);
    }

    private void planNew(Plan plan, long offset, long end, long entry) throws StorageException {
        if (!tables.leadsIntoFile(entry)) {
            throw new StorageException.Damaged("the data of an entry that is written over are behind the end of the file");
        }
        Table table = tables.map.ownTable(geometry.tableOf(offset), tables.allocator, tables.frees);
        plan.clusterCount = 1;
        plan.firstEntry = entry;
        plan.lastEntry = entry;
        plan.reused = hasRoom(entry);
        if (plan.reused) {
            tables.checkInFile(L2Entry.offset(entry), geometry.clusterBytes());
            plan.hostOffset = L2Entry.offset(entry);
            plan.fresh = false;
            return;
        }
        plan.hostOffset = tables.allocator.allocate();
        plan.fresh = tables.allocator.isFresh();
        try {
            extend(plan, table, geometry.entryOf(offset), end);
        } catch (StorageException e) {
            release(plan);
            throw e;
        }
    }

    /// A cluster of zeros for which room was set aside, and which nobody shares.
    private boolean hasRoom(long entry) throws StorageException {
        return L2Entry.kind(entry, geometry) == Kind.ZERO && L2Entry.offset(entry) != 0 && L2Entry.isOurs(entry);
    }

    /// An entry that leads nowhere begins a plan of its own, which tells.
    private void extend(Plan plan, Table table, int first, long end) throws StorageException {
        while (plan.firstCluster + plan.clusterCount < end) {
            long next = table.get(first + plan.clusterCount);
            if (isInPlace(next) || hasRoom(next) || !tables.leadsIntoFile(next) || !tables.allocator.allocateNext(
                    plan.hostOffset + ((long) plan.clusterCount - 1 << geometry.clusterBits()))) {
                return;
            }
            plan.lastEntry = next;
            plan.clusterCount++;
        }
    }

    /// Moves data, outside the lock.
    private int store(Workspace space, Iovec from, long offset) {
        Plan plan = space.plan;
        if (plan.inPlace) {
            return storeData(space, from, plan.hostOffset);
        }
        int head = geometry.offsetInCluster(offset);
        int result = fill(space, plan.firstEntry, offset - head, 0, head, plan.hostOffset);
        if (result == 0) {
            result = storeData(space, from, plan.hostOffset + head);
        }
        if (result == 0) {
            int tail = geometry.offsetInCluster(offset + plan.byteLength);
            long last = (long) plan.clusterCount - 1 << geometry.clusterBits();
            result = tail == 0 ? 0 : fill(space, plan.lastEntry, offset - head + last, tail, geometry.clusterBytes(),
                    plan.hostOffset + last);
        }
        return result;
    }

    private int storeData(Workspace space, Iovec from, long hostOffset) {
        if (space.plan.byteLength == from.byteLength()) {
            return tables.storage.write(from, hostOffset);
        }
        space.part.clear();
        space.part.take(from, space.plan.byteLength);
        return tables.storage.write(space.part, hostOffset);
    }

    /// Brings the bytes `begin` to `end` of a cluster of the disk from where they are to their new place.
    private int fill(Workspace space, long entry, long diskOffset, int begin, int end, long hostCluster) {
        if (begin == end) {
            return 0;
        }
        Kind kind;
        try {
            kind = L2Entry.kind(entry, geometry);
        } catch (StorageException e) {
            return tables.failed(e);
        }
        boolean zeros = kind == Kind.ZERO || kind == Kind.UNALLOCATED && backing.endsBefore(diskOffset + begin);
        if (zeros && space.plan.fresh) {
            return 0;
        }
        MemorySegment buffer = space.cluster();
        space.one.clear();
        space.one.add(buffer, begin, end - begin);
        int result = reader.fetchAll(space, space.one, entry, kind, diskOffset + begin, L2Entry.offset(entry) + begin);
        if (result < 0) {
            return result;
        }
        space.one.clear();
        space.one.add(buffer, begin, end - begin);
        return tables.storage.write(space.one, hostCluster + begin);
    }

    /// Ends a step: the table learns of the new clusters, or they are given back.
    private int finish(Plan plan, int place, int stored) {
        int result = stored;
        tables.lock.lock();
        try {
            if (!plan.inPlace && result == 0) {
                result = enter(plan);
            }
            if (!plan.inPlace && result < 0) {
                release(plan);
            }
        } catch (StorageException e) {
            result = tables.failed(e);
        } finally {
            tables.inFlight.end(place);
            tables.lock.unlock();
        }
        return result;
    }

    private int enter(Plan plan) {
        try {
            long offset = plan.firstCluster << geometry.clusterBits();
            Table table = tables.map.ownTable(geometry.tableOf(offset), tables.allocator, tables.frees);
            int first = geometry.entryOf(offset);
            for (int i = 0; i < plan.clusterCount; i++) {
                if (!plan.reused) {
                    tables.frees.dropEntry(table.get(first + i));
                }
                table.set(first + i, L2Entry.normal(plan.hostOffset + ((long) i << geometry.clusterBits())));
            }
            return 0;
        } catch (StorageException e) {
            return tables.failed(e);
        }
    }

    private void release(Plan plan) throws StorageException {
        for (int i = 0; i < plan.clusterCount && !plan.reused; i++) {
            tables.allocator.release(plan.hostOffset + ((long) i << geometry.clusterBits()));
        }
    }
}
