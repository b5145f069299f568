package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/// Pieces of memory that one call reads from or writes to (`struct iovec` of `<sys/uio.h>`).
///
/// Made once and filled anew for each call, without allocating. For one thread at a time.
public final class Iovec {
    /// The most pieces that one call takes (`UIO_MAXIOV` of `<linux/uio.h>`).
    public static final int MAX_PIECES = 1024;

    private static final StructLayout LAYOUT = MemoryLayout.structLayout(
            ValueLayout.JAVA_LONG.withName("iov_base"), ValueLayout.JAVA_LONG.withName("iov_len"));
    private static final long SIZEOF = LAYOUT.byteSize();
    private static final long BASE = LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement("iov_base"));
    private static final long LEN = LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement("iov_len"));

    private final MemorySegment vector;
    /// Keeps what the addresses point to from being freed by the garbage collector.
    private final MemorySegment[] pieces;
    private int first;
    private int end;
    private long byteLength;
    private boolean readOnly;

    /// @param capacity the most pieces, up to [#MAX_PIECES]
    public Iovec(int capacity) {
        if (capacity < 1 || capacity > MAX_PIECES) {
            throw new IllegalArgumentException("capacity=" + capacity);
        }
        vector = Arena.ofAuto().allocate(LAYOUT, capacity);
        pieces = new MemorySegment[capacity];
    }

    /// Forgets all pieces.
    public void clear() {
        first = 0;
        end = 0;
        byteLength = 0;
        readOnly = false;
    }

    /// Appends a piece of native memory, which must stay valid until the call that uses it is over. An empty one is left
    /// out.
    public void add(MemorySegment segment, long offset, long length) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("piece is on the Java heap");
        }
        Objects.checkFromIndexSize(offset, length, segment.byteSize());
        if (length == 0) {
            return;
        }
        if (end == pieces.length) {
            throw new IllegalStateException("no room for more than " + end + " pieces");
        }
        vector.set(ValueLayout.JAVA_LONG, end * SIZEOF + BASE, segment.address() + offset);
        vector.set(ValueLayout.JAVA_LONG, end * SIZEOF + LEN, length);
        pieces[end++] = segment;
        byteLength += length;
        readOnly |= segment.isReadOnly();
    }

    /// Appends another vector's pieces but for its first `skip` bytes; the other stays as it is.
    public void addAll(Iovec other, long skip) {
        Objects.checkFromToIndex(0, skip, other.byteLength);
        long left = skip;
        for (int piece = other.first; piece < other.end; piece++) {
            long length = other.length(piece);
            if (left < length) {
                add(other.pieces[piece], other.offset(piece) + left, length - left);
            }
            left = Math.max(0, left - length);
        }
    }

    /// Copies bytes `from` to `from + byteLength` of the pieces, or as many as there are. Returns how many.
    public long copyOut(long from, MemorySegment to, long at, long byteLength) {
        return copy(from, to, at, byteLength, false);
    }

    /// Writes `byteLength` bytes over those of the pieces from byte `into` on, or as many as fit. Returns how many.
    public long copyIn(long into, MemorySegment from, long at, long byteLength) {
        return copy(into, from, at, byteLength, true);
    }

    private long copy(long begin, MemorySegment other, long at, long byteLength, boolean in) {
        long skip = begin;
        long done = 0;
        for (int piece = first; piece < end && done < byteLength; piece++) {
            long length = length(piece);
            if (skip < length) {
                long part = Math.min(length - skip, byteLength - done);
                long inPiece = offset(piece) + skip;
                if (in) {
                    MemorySegment.copy(other, at + done, pieces[piece], inPiece, part);
                } else {
                    MemorySegment.copy(pieces[piece], inPiece, other, at + done, part);
                }
                done += part;
            }
            skip = Math.max(0, skip - length);
        }
        return done;
    }

    /// Drops the first `count` bytes, which have been transferred.
    public void advance(long count) {
        Objects.checkFromToIndex(0, count, byteLength);
        byteLength -= count;
        long left = count;
        while (left > 0 && left >= length(first)) {
            left -= length(first++);
        }
        if (left > 0) {
            long at = first * SIZEOF;
            vector.set(ValueLayout.JAVA_LONG, at + BASE, vector.get(ValueLayout.JAVA_LONG, at + BASE) + left);
            vector.set(ValueLayout.JAVA_LONG, at + LEN, length(first) - left);
        }
    }

    /// Moves the first `count` bytes of `other` here, behind what is here already: pieces, not contents.
    public void take(Iovec other, long count) {
        Objects.checkFromToIndex(0, count, other.byteLength);
        long left = count;
        while (left > 0) {
            long part = Math.min(left, other.length(other.first));
            MemorySegment piece = other.pieces[other.first];
            add(piece, other.offset(other.first), part);
            other.advance(part);
            left -= part;
        }
    }

    /// Fills the first `count` bytes with zeros, and drops them.
    public void fillZeros(long count) {
        Objects.checkFromToIndex(0, count, byteLength);
        long left = count;
        while (left > 0) {
            long part = Math.min(left, length(first));
            pieces[first].asSlice(offset(first), part).fill((byte) 0);
            advance(part);
            left -= part;
        }
    }

    /// Bytes of all pieces together.
    public long byteLength() {
        return byteLength;
    }

    /// Whether a piece may not be written.
    boolean isReadOnly() {
        return readOnly;
    }

    long address() {
        return vector.address() + first * SIZEOF;
    }

    int count() {
        return end - first;
    }

    /// Where in its segment a piece begins.
    private long offset(int piece) {
        return vector.get(ValueLayout.JAVA_LONG, piece * SIZEOF + BASE) - pieces[piece].address();
    }

    private long length(int piece) {
        return vector.get(ValueLayout.JAVA_LONG, piece * SIZEOF + LEN);
    }
}
