package xenolith.backend;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Our end of a byte ring that the guest drains: we own the producer index, kept here and published to the page.
public final class RingWriter {
    private static final VarHandle INDEX = ValueLayout.JAVA_INT.varHandle().withInvokeExactBehavior();

    private final MemorySegment page;
    private final long dataOffset;
    private final int byteSize;
    private final long consOffset;
    private final long prodOffset;
    private int prod;

    /// A ring of `byteSize` bytes at `dataOffset` of `page`, with its two index words at the offsets given.
    public RingWriter(MemorySegment page, long dataOffset, int byteSize, long consOffset, long prodOffset) {
        if (Integer.bitCount(byteSize) != 1) {
            throw new IllegalArgumentException("byteSize=" + byteSize + " is not a power of two");
        }
        this.page = page;
        this.dataOffset = dataOffset;
        this.byteSize = byteSize;
        this.consOffset = consOffset;
        this.prodOffset = prodOffset;
        this.prod = (int) INDEX.getOpaque(page, prodOffset);
    }

    /// How many bytes fit now.
    ///
    /// The acquire pairs with the guest's barrier between copying bytes out and moving its consumer index.
    ///
    /// @throws BrokenRingException if the guest claims to have consumed what we never produced
    public int room() throws BrokenRingException {
        int cons = (int) INDEX.getAcquire(page, consOffset);
        int used = prod - cons;
        if (Integer.compareUnsigned(used, byteSize) > 0) {
            throw new BrokenRingException("the guest's consumer index " + Integer.toUnsignedString(cons) + " is "
                    + Integer.toUnsignedString(used) + " bytes behind ours in a ring of " + byteSize);
        }
        return byteSize - used;
    }

    /// Puts as many of `byteLength` bytes as fit. Returns how many.
    public int write(byte[] from, int offset, int byteLength) throws BrokenRingException {
        int count = Math.min(room(), byteLength);
        int start = prod & (byteSize - 1);
        int untilEnd = Math.min(count, byteSize - start);
        MemorySegment.copy(from, offset, page, ValueLayout.JAVA_BYTE, dataOffset + start, untilEnd);
        MemorySegment.copy(from, offset + untilEnd, page, ValueLayout.JAVA_BYTE, dataOffset, count - untilEnd);
        prod += count;
        // The guest reads the bytes as soon as it sees the index, so they must be there first.
        INDEX.setRelease(page, prodOffset, prod);
        return count;
    }

    /// Starts over with an empty ring, both indices zero, as a reconnecting guest expects.
    public void reset() {
        prod = 0;
        INDEX.setRelease(page, consOffset, 0);
        INDEX.setRelease(page, prodOffset, 0);
    }
}
