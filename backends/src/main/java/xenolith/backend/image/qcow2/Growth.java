package xenolith.backend.image.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.DiskSizeException;
import xenolith.posix.HostException;

/// Makes a disk longer while it is used: as long as the clusters of its level-1 table can lead to, which with clusters of
/// 64 KiB is 4 TiB at least.
///
/// New entries are on the storage before the header counts them, so that the image is sound wherever a crash cuts in.
final class Growth {
    private static final ValueLayout.OfLong BIG_LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt BIG_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    /// From the disk's size to the number of entries of the level-1 table, in one sector of the header.
    private static final int FIELDS_BYTES = Header.L1_OFFSET - Header.SIZE;

    private final Header header;
    private final Tables tables;
    private final Backing backing;
    private final MetadataIo io;

    Growth(Header header, Tables tables, Backing backing) {
        this.header = header;
        this.tables = tables;
        this.backing = backing;
        this.io = new MetadataIo(tables.storage);
    }

    /// @throws DiskSizeException if it cannot be so long, or the storage fails before anything counts
    /// @throws HostException     if the storage fails later: the image may be longer or not, the disk is not
    synchronized void to(long byteLength) {
        long old = tables.byteLength();
        int clusterBits = tables.geometry.clusterBits();
        check(byteLength, old);
        int before = (int) Geometry.tablesFor(old, clusterBits);
        int count = (int) Geometry.tablesFor(byteLength, clusterBits);
        MemorySegment fields = prepare(before, count);
        fields.set(BIG_LONG, 0, byteLength);
        try {
            io.write(fields, Header.SIZE, "the header");
            StorageException.check(tables.storage.sync(), "sync");
        } catch (StorageException e) {
            throw new HostException("writing its header, which may say the new size or the old", e.errno());
        }
        tables.grow(byteLength, count);
    }

    /// Writes the new entries. Returns the header's fields as they are to be, but for the size.
    private MemorySegment prepare(int before, int count) {
        try {
            if (count > before) {
                io.write(Arena.ofAuto().allocate((long) (count - before) * Long.BYTES, Long.BYTES),
                        header.l1Offset() + (long) before * Long.BYTES, "the level-1 table");
                StorageException.check(tables.storage.sync(), "sync");
            }
            return fields(count);
        } catch (StorageException e) {
            throw new DiskSizeException(e.getMessage());
        }
    }

    private void check(long byteLength, long old) {
        require(byteLength >= old, "a qcow2 image cannot be made smaller while it is used");
        require(byteLength % DiskImage.SECTOR_BYTES == 0, "a disk has whole sectors of 512 bytes");
        require(header.snapshotCount() == 0, "a qcow2 image with snapshots can be resized by qemu-img only, unused");
        require(backing.endsBefore(old), "its backing file is longer than it is, and would show behind its end");
        long clusters = tables.geometry.clustersFor((long) header.l1Size() * Long.BYTES);
        long most = clusters * tables.geometry.entriesPerTable();
        require(Geometry.tablesFor(byteLength, tables.geometry.clusterBits()) <= most, "this qcow2 image can have "
                + tables.geometry.bytesOf(most) + " bytes while it is used; qemu-img can make it larger, unused");
    }

    private static void require(boolean law, String otherwise) {
        if (!law) {
            throw new DiskSizeException(otherwise);
        }
    }

    /// What the file counts of entries may be more already, as of a disk that was longer once.
    private MemorySegment fields(int count) throws StorageException {
        MemorySegment fields = Arena.ofAuto().allocate(FIELDS_BYTES, Long.BYTES);
        io.read(fields, Header.SIZE, "the header");
        long l1Size = Integer.toUnsignedLong(fields.get(BIG_INT, Header.L1_SIZE - Header.SIZE));
        fields.set(BIG_INT, Header.L1_SIZE - Header.SIZE, (int) Math.max(l1Size, count));
        return fields;
    }
}
