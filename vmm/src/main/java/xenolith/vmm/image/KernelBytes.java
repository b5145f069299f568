package xenolith.vmm.image;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.posix.Mapping;

/// A kernel's bytes, packed or unpacked: anonymous memory, page-aligned, bounded, filled from its start.
///
/// A decoder that knows the size beforehand fills it without a copy; one that does not makes it grow by doubling.
/// Pages are the host's only once they are written: a payload that states a size which it does not reach costs
/// nothing. The JVM's limit on direct memory, which follows the heap's, does not count them.
final class KernelBytes implements AutoCloseable {
    private static final long FIRST_CAPACITY = 4 << 20;

    private final long limit;
    private Mapping mapping;
    private MemorySegment buffer;
    private long filled;
    private boolean overflowed;

    private KernelBytes(long capacity, long limit) {
        this.limit = limit;
        this.mapping = Mapping.anonymous(capacity);
        this.buffer = mapping.segment();
    }

    /// Room for exactly `byteLength`; more is refused.
    static KernelBytes exactly(long byteLength) {
        return new KernelBytes(byteLength, byteLength);
    }

    /// Room for what will come, up to `limit` bytes.
    static KernelBytes upTo(long limit) {
        return new KernelBytes(Math.min(FIRST_CAPACITY, limit), limit);
    }

    long filled() {
        return filled;
    }

    long limit() {
        return limit;
    }

    /// How much may still come.
    long left() {
        return limit - filled;
    }

    /// Whether more came than there may be.
    boolean overflowed() {
        return overflowed;
    }

    /// Room for up to `byteLength` bytes (fewer at the limit) right behind what is filled. Write it, then say
    /// [#advance]. Asking for room at the limit counts as an overflow.
    MemorySegment room(long byteLength) {
        overflowed |= left() == 0;
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
            overflowed = true;
            return false;
        }
        ensure(length);
        MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, filled, length);
        filled += length;
        return true;
    }

    /// What was filled. Valid until the mapping of [#release] is closed.
    MemorySegment bytes() {
        return buffer.asSlice(0, filled);
    }

    /// Hands the memory to the caller, who must close it.
    Mapping release() {
        Mapping released = mapping;
        mapping = null;
        return released;
    }

    @Override
    public void close() {
        if (mapping != null) {
            mapping.close();
        }
    }

    private void ensure(long more) {
        if (filled + more <= buffer.byteSize()) {
            return;
        }
        long capacity = Math.min(limit, Math.max(filled + more, buffer.byteSize() * 2));
        Mapping wider = Mapping.anonymous(capacity);
        MemorySegment.copy(buffer, 0, wider.segment(), 0, filled);
        mapping.close();
        mapping = wider;
        buffer = wider.segment();
    }
}
