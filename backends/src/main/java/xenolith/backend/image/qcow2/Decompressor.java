package xenolith.backend.image.qcow2;

import io.airlift.compress.v3.MalformedInputException;
import io.airlift.compress.v3.zstd.ZstdJavaDecompressor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import xenolith.posix.Iovec;

/// Unpacks compressed clusters; keeps the one unpacked last, since a cluster is mostly read in pieces. For one thread.
final class Decompressor {
    private static final int ZSTD_MAGIC = 0xFD2FB528;
    private static final int BLOCK_TYPE_RLE = 1;
    private static final int BLOCK_TYPE_RESERVED = 3;

    private final Geometry geometry;
    private final Iovec piece = new Iovec(1);
    private MemorySegment packed;
    private MemorySegment unpacked;
    private long keptEntry;
    private long keptAt = -1;

    Decompressor(Geometry geometry) {
        this.geometry = geometry;
    }

    /// The cluster that `entry` names.
    ///
    /// @param age changes whenever a place in the file may have got new contents
    MemorySegment cluster(long entry, long age, Storage storage) throws StorageException {
        if (keptAt == age && keptEntry == entry) {
            return unpacked;
        }
        if (packed == null) {
            packed = Arena.ofAuto().allocate(L2Entry.maxCompressedLength(geometry), Long.BYTES);
            unpacked = Arena.ofAuto().allocate(geometry.clusterBytes(), Long.BYTES);
        }
        keptAt = -1;
        int length = L2Entry.compressedLength(entry, geometry);
        piece.clear();
        piece.add(packed, 0, length);
        StorageException.check(storage.read(piece, L2Entry.compressedOffset(entry, geometry)), "a compressed cluster");
        MemorySegment from = packed.asSlice(0, length);
        if (!(geometry.zstd() ? unzstd(from) : inflate(from))) {
            throw new StorageException.Damaged("a compressed cluster cannot be unpacked");
        }
        keptEntry = entry;
        keptAt = age;
        return unpacked;
    }

    /// A raw deflate stream (RFC 1951). What follows it up to the sector's end is not looked at.
    private boolean inflate(MemorySegment from) {
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(from.asByteBuffer());
            ByteBuffer to = unpacked.asByteBuffer();
            // Each round but the last makes some of a cluster's bytes.
            while (to.hasRemaining()) {
                if (inflater.inflate(to) == 0) {
                    return false;
                }
            }
            return true;
        } catch (DataFormatException e) {
            return false;
        } finally {
            inflater.end();
        }
    }

    private boolean unzstd(MemorySegment from) {
        long length = zstdFrameLength(from);
        if (length < 0) {
            return false;
        }
        try {
            return new ZstdJavaDecompressor().decompress(from.asSlice(0, length), unpacked) == geometry.clusterBytes();
        } catch (MalformedInputException | IllegalArgumentException | IndexOutOfBoundsException e) {
            return false;
        }
    }

    /// How long the zstd frame at the start is (RFC 8878, 3.1.1), or -1: the decoder wants to be told, and what follows
    /// up to the sector's end is no part of it.
    private static long zstdFrameLength(MemorySegment from) {
        long end = from.byteSize();
        if (end < 6 || from.get(ValueLayout.JAVA_INT_UNALIGNED, 0) != ZSTD_MAGIC) {
            return -1;
        }
        int descriptor = from.get(ValueLayout.JAVA_BYTE, 4) & 0xff;
        boolean single = (descriptor & 0x20) != 0;
        int sizeCode = descriptor >> 6;
        int sizeBytes = sizeCode == 0 ? single ? 1 : 0 : 1 << sizeCode;
        int dictionaryCode = descriptor & 3;
        long at = 5L + (single ? 0 : 1) + sizeBytes + (dictionaryCode == 3 ? 4 : dictionaryCode);
        // Each block takes 3 bytes at least.
        while (at + 3 <= end) {
            int header = from.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) & 0xffff
                    | (from.get(ValueLayout.JAVA_BYTE, at + 2) & 0xff) << 16;
            int type = header >> 1 & 3;
            if (type == BLOCK_TYPE_RESERVED) {
                return -1;
            }
            at += 3 + (type == BLOCK_TYPE_RLE ? 1 : header >> 3);
            if ((header & 1) != 0) {
                at += (descriptor & 4) != 0 ? 4 : 0;
                return at <= end ? at : -1;
            }
        }
        return -1;
    }
}
