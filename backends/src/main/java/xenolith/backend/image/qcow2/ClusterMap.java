package xenolith.backend.image.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.LongConsumer;

/// Where each cluster of the disk lies: the level-1 table, wholly in memory, and the level-2 tables, of which some are.
/// Under the image's lock.
final class ClusterMap {
    /// Covers 64 GiB of disk with clusters of 64 KiB.
    private static final int CACHE_BYTES = 8 << 20;
    private static final int LEAST_TABLES = 16;

    private final Geometry geometry;
    private final MetadataIo io;
    private final long l1Offset;
    private long[] l1;
    private final BitSet dirtyL1 = new BitSet();
    private final TableCache tables;

    ClusterMap(Header header, MetadataIo io) throws StorageException {
        this.geometry = header.geometry();
        this.io = io;
        this.l1Offset = header.l1Offset();
        MemorySegment bytes = Arena.ofAuto().allocate((long) header.l1Size() * Long.BYTES, Long.BYTES);
        io.read(bytes, l1Offset, "the level-1 table");
        l1 = bytes.toArray(ValueLayout.JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN));
        tables = new TableCache(TableCache.slotsFor(CACHE_BYTES, geometry.clusterBytes(), LEAST_TABLES),
                geometry.clusterBytes(), l1.length);
    }

    /// The level-2 table for reading, or null if there is none.
    Table table(int index) throws StorageException {
        Table table = tables.find(index);
        if (table != null || l1[index] == 0) {
            return table;
        }
        long entry = l1[index];
        long offset = entry & Geometry.OFFSET_MASK;
        if ((entry & ~(L2Entry.COPIED | Geometry.OFFSET_MASK)) != 0 || geometry.offsetInCluster(offset) != 0
                || offset == 0) {
            throw new StorageException.Damaged("entry " + index + " of the level-1 table is " + Long.toHexString(entry));
        }
        table = tables.claim(index, offset);
        try {
            io.read(table.bytes, offset, "a level-2 table");
            return table;
        } catch (StorageException e) {
            tables.forget(table);
            throw e;
        }
    }

    /// The level-2 table for writing: a new one, or a copy, if it is absent or shared with a snapshot. What is unchanged
    /// on the storage goes on to be used there until the commit.
    Table ownTable(int index, Allocator allocator, Frees frees) throws StorageException {
        Table table = table(index);
        if (table != null && L2Entry.isOurs(l1[index])) {
            return table;
        }
        long offset = allocator.allocate();
        if (table == null) {
            table = tables.claim(index, offset);
            table.bytes.fill((byte) 0);
        } else {
            frees.drop(table.hostOffset >>> geometry.clusterBits(), 1);
            table.hostOffset = offset;
        }
        table.linked = false;
        table.soilAll();
        l1[index] = L2Entry.normal(offset);
        dirtyL1.set(index);
        return table;
    }

    /// More tables, none of which is there yet.
    void grow(int tableCount) {
        l1 = Arrays.copyOf(l1, tableCount);
        tables.grow(tableCount);
    }

    boolean isCrowded() {
        return tables.isCrowded();
    }

    boolean hasTable(int index) {
        return l1[index] != 0;
    }

    void forEachTable(LongConsumer use) {
        for (long entry : l1) {
            if (entry != 0) {
                use.accept(entry & Geometry.OFFSET_MASK);
            }
        }
    }

    /// Hands over what is to be written: new tables first, then changes of those that are in use, and what leads to the
    /// new ones.
    void collect(Commit commit) {
        commit.tables(tables, false);
        BitSet wereDirty = (BitSet) dirtyL1.clone();
        wereDirty.stream().forEach(i -> commit.l1(l1Offset + (long) i * Long.BYTES, Refcounts.bigEndian(l1[i])));
        dirtyL1.clear();
        commit.onFailure(() -> dirtyL1.or(wereDirty));
    }
}
