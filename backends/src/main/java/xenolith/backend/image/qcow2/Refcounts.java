package xenolith.backend.image.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.LongConsumer;
import xenolith.posix.Errno;

/// How many references each cluster of the file has: the refcount table, wholly in memory, and the blocks it names, of
/// which some are. Under the image's lock.
final class Refcounts {
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);
    /// At least as many blocks as a growth of the table, frees and writers of all queues change between two looks.
    private static final int LEAST_BLOCKS = 16;
    private static final int CACHE_BYTES = 2 << 20;

    private final Geometry geometry;
    private final MetadataIo io;
    private final TableCache blocks;
    private final BitSet dirtyEntries = new BitSet();
    private long[] table;
    private long tableOffset;
    /// The table lies elsewhere than the header says.
    private boolean moved;

    Refcounts(Geometry geometry, MetadataIo io, long tableOffset, int tableClusters) throws StorageException {
        this.geometry = geometry;
        this.io = io;
        this.tableOffset = tableOffset;
        MemorySegment bytes = Arena.ofAuto().allocate((long) tableClusters << geometry.clusterBits(), Long.BYTES);
        io.read(bytes, tableOffset, "the refcount table");
        table = bytes.toArray(U64);
        blocks = new TableCache(TableCache.slotsFor(CACHE_BYTES, geometry.clusterBytes(), LEAST_BLOCKS),
                geometry.clusterBytes(), table.length);
    }

    int blockOf(long cluster) {
        return (int) Math.min(cluster >>> geometry.countsPerBlockBits(), Integer.MAX_VALUE);
    }

    int tableLength() {
        return table.length;
    }

    /// The entry of the table, checked for bits that must not be there.
    long blockOffset(int block) throws StorageException.Damaged {
        long entry = table[block];
        if ((entry & ~Geometry.OFFSET_MASK) != 0 || geometry.offsetInCluster(entry) != 0) {
            throw new StorageException.Damaged("entry " + block + " of the refcount table is " + Long.toHexString(entry));
        }
        return entry;
    }

    boolean hasBlock(int block) {
        return block < table.length && table[block] != 0;
    }

    private Table block(int index) throws StorageException {
        Table block = blocks.find(index);
        if (block != null) {
            return block;
        }
        long offset = blockOffset(index);
        block = blocks.claim(index, offset);
        try {
            io.read(block.bytes, offset, "a refcount block");
            return block;
        } catch (StorageException e) {
            blocks.forget(block);
            throw e;
        }
    }

    long count(long cluster) throws StorageException {
        int block = blockOf(cluster);
        return hasBlock(block) ? block(block).count(inBlock(cluster), geometry.refcountOrder()) : 0;
    }

    private int inBlock(long cluster) {
        return (int) (cluster & (1L << geometry.countsPerBlockBits()) - 1);
    }

    /// The cluster's block exists.
    void setCount(long cluster, long count) throws StorageException {
        block(blockOf(cluster)).setCount(inBlock(cluster), geometry.refcountOrder(), count);
    }

    /// Makes `cluster`, which nothing uses, the block of its own range.
    void makeBlock(long cluster) {
        int index = blockOf(cluster);
        Table block = blocks.claim(index, cluster << geometry.clusterBits());
        block.bytes.fill((byte) 0);
        block.soilAll();
        block.setCount(inBlock(cluster), geometry.refcountOrder(), 1);
        table[index] = block.hostOffset;
        dirtyEntries.set(index);
    }

    /// Makes a table half as long again, which lies behind blocks that count it, from cluster `base` on, where nothing
    /// is. The blocks are written at once: nothing names them before the table is in its place.
    ///
    /// @return how many clusters blocks and table take
    long moveTable(long base) throws StorageException {
        int firstBlock = blockOf(base);
        long entriesPerCluster = geometry.entriesPerTable();
        long tableClusters = 0;
        long blockCount = 1;
        // Each round adds what the last one lacked; a block counts at least 64 clusters.
        for (int round = 0; round < 64; round++) {
            long last = base + blockCount + tableClusters - 1 >>> geometry.countsPerBlockBits();
            long entries = Math.max(last + 1, table.length + table.length / 2 + 1);
            long clusters = (entries + entriesPerCluster - 1) / entriesPerCluster;
            if (clusters == tableClusters && last - firstBlock + 1 <= blockCount) {
                break;
            }
            tableClusters = clusters;
            blockCount = Math.max(blockCount, (base + blockCount + clusters - 1 >>> geometry.countsPerBlockBits()) - firstBlock + 1);
        }
        if (tableClusters << geometry.clusterBits() > Header.MAX_REFTABLE_BYTES) {
            throw new StorageException(Errno.EFBIG, "the image cannot grow further");
        }
        long end = base + blockCount + tableClusters;
        long[] longer = Arrays.copyOf(table, (int) (tableClusters * entriesPerCluster));
        Table scratch = new Table(geometry.clusterBytes());
        for (int i = 0; i < blockCount; i++) {
            scratch.bytes.fill((byte) 0);
            long from = (long) firstBlock + i << geometry.countsPerBlockBits();
            long to = from + (1L << geometry.countsPerBlockBits());
            for (long cluster = Math.max(from, base); cluster < Math.min(to, end); cluster++) {
                scratch.setCount(inBlock(cluster), geometry.refcountOrder(), 1);
            }
            longer[firstBlock + i] = base + i << geometry.clusterBits();
            io.write(scratch.bytes, longer[firstBlock + i], "a refcount block");
        }
        table = longer;
        tableOffset = base + blockCount << geometry.clusterBits();
        moved = true;
        blocks.grow(table.length);
        return end - base;
    }

    void forEachBlock(LongConsumer use) {
        for (long entry : table) {
            if (entry != 0) {
                use.accept(entry);
            }
        }
    }

    long tableOffset() {
        return tableOffset;
    }

    boolean isCrowded() {
        return blocks.isCrowded();
    }

    /// Hands over what is to be written: blocks and a new table first, then what leads to them.
    void collect(Commit commit) {
        commit.tables(blocks, true);
        if (moved) {
            commit.reftable(tableOffset, bigEndian(table));
            MemorySegment header = Arena.ofAuto().allocate(12, Long.BYTES);
            header.set(U64, 0, tableOffset);
            header.set(ValueLayout.JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN), 8, table.length / geometry.entriesPerTable());
            commit.header(Header.REFTABLE_OFFSET, header);
        } else {
            dirtyEntries.stream().forEach(i -> commit.reftable(tableOffset + (long) i * Long.BYTES,
                    bigEndian(table[i])));
        }
        boolean wasMoved = moved;
        BitSet wereDirty = (BitSet) dirtyEntries.clone();
        commit.onFailure(() -> {
            moved |= wasMoved;
            dirtyEntries.or(wereDirty);
        });
        moved = false;
        dirtyEntries.clear();
    }

    static MemorySegment bigEndian(long... values) {
        MemorySegment bytes = Arena.ofAuto().allocate((long) values.length * Long.BYTES, Long.BYTES);
        for (int i = 0; i < values.length; i++) {
            bytes.setAtIndex(U64, i, values[i]);
        }
        return bytes;
    }
}
