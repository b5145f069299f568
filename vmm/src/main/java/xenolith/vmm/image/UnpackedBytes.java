package xenolith.vmm.image;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Where a decoder puts what it unpacks: native memory, page-aligned, bounded.
///
/// A decoder that knows the size beforehand fills it without a copy; one that does not makes it grow by doubling.
/// The arena is shared because the thread that builds the domain need not be the one that read the kernel.
final class UnpackedBytes implements AutoCloseable {
    private static final long PAGE = 4096;
    private static final long FIRST_CAPACITY = 4 << 20;

    private final long limit;
    private Arena arena = Arena.ofShared();
    private MemorySegment buffer;
    private long filled;

    private UnpackedBytes(long capacity, long limit) {
        this.limit = limit;
        this.buffer = arena.allocate(capacity, PAGE);
    }

    /// Room for exactly `byteLength`; more is refused.
    static UnpackedBytes exactly(long byteLength) {
        return new UnpackedBytes(byteLength, byteLength);
    }

    /// Room for what will come, up to `limit` bytes.
    static UnpackedBytes upTo(long limit) {
        return new UnpackedBytes(Math.min(FIRST_CAPACITY, limit), limit);
    }

    long filled() {
        return filled;
    }

    /// How much may still come.
    long left() {
        return limit - filled;
    }

    /// Room for up to `byteLength` bytes (fewer at the limit) right behind what is filled. Write it, then say
    /// [#advance].
    MemorySegment room(long byteLength) {
        long length = Math.min(byteLength, left());
        ensure(length);
        return buffer.asSlice(filled, length);
    }

    /// Counts `byteLength` bytes of the [#room] as filled.
    void advance(long byteLength) {
        filled += byteLength;
    }

    /// Adds bytes. Returns whether there was room for them; if not, nothing is added.
    boolean append(byte[] bytes, int length) {
        if (length > left()) {
            return false;
        }
        ensure(length);
        MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, filled, length);
        filled += length;
        return true;
    }

    /// What was filled. Valid until the arena of [#release] is closed.
    MemorySegment bytes() {
        return buffer.asSlice(0, filled);
    }

    /// Hands the memory to the caller, who must close the arena.
    Arena release() {
        Arena released = arena;
        arena = null;
        return released;
    }

    @Override
    public void close() {
        if (arena != null) {
            arena.close();
        }
    }

    private void ensure(long more) {
        if (filled + more <= buffer.byteSize()) {
            return;
        }
        long capacity = Math.min(limit, Math.max(filled + more, buffer.byteSize() * 2));
        Arena wider = Arena.ofShared();
        MemorySegment moved = wider.allocate(capacity, PAGE);
        MemorySegment.copy(buffer, 0, moved, 0, filled);
        arena.close();
        arena = wider;
        buffer = moved;
    }
}
