package xenolith.backend;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Our end of a byte ring that the guest fills: we own the consumer index.
///
/// Indices run freely through all 32 bits; the ring's size is a power of two. The consumer index is kept here and only
/// published to the page, so a guest that rewrites its copy confuses nobody but itself.
public final class RingReader {
    private static final VarHandle INDEX = ValueLayout.JAVA_INT.varHandle().withInvokeExactBehavior();

    private final MemorySegment page;
    private final long dataOffset;
    private final int byteSize;
    private final long consOffset;
    private final long prodOffset;
    private int cons;

    /// A ring of `byteSize` bytes at `dataOffset` of `page`, with its two index words at the offsets given.
    public RingReader(MemorySegment page, long dataOffset, int byteSize, long consOffset, long prodOffset) {
        if (Integer.bitCount(byteSize) != 1) {
            throw new IllegalArgumentException("byteSize=" + byteSize + " is not a power of two");
        }
        this.page = page;
        this.dataOffset = dataOffset;
        this.byteSize = byteSize;
        this.consOffset = consOffset;
        this.prodOffset = prodOffset;
        this.cons = (int) INDEX.getOpaque(page, consOffset);
    }

    /// How many bytes wait.
    ///
    /// The acquire pairs with the guest's barrier between writing the bytes and moving its producer index.
    ///
    /// @throws BrokenRingException if the guest's index is further ahead than the ring is long
    public int available() throws BrokenRingException {
        int prod = (int) INDEX.getAcquire(page, prodOffset);
        int used = prod - cons;
        if (Integer.compareUnsigned(used, byteSize) > 0) {
            throw new BrokenRingException("the guest's producer index " + Integer.toUnsignedString(prod) + " is "
                    + Integer.toUnsignedString(used) + " bytes ahead of ours in a ring of " + byteSize);
        }
        return used;
    }

    /// Takes at most `byteLength` bytes and gives their room back to the guest. Returns how many.
    public int read(byte[] to, int offset, int byteLength) throws BrokenRingException {
        int count = Math.min(available(), byteLength);
        int start = cons & (byteSize - 1);
        int untilEnd = Math.min(count, byteSize - start);
        MemorySegment.copy(page, ValueLayout.JAVA_BYTE, dataOffset + start, to, offset, untilEnd);
        MemorySegment.copy(page, ValueLayout.JAVA_BYTE, dataOffset, to, offset + untilEnd, count - untilEnd);
        cons += count;
        // The guest may overwrite these bytes as soon as it sees the index, so the copy must come first.
        INDEX.setRelease(page, consOffset, cons);
        return count;
    }

    /// Starts over with an empty ring, both indices zero, as a reconnecting guest expects.
    public void reset() {
        cons = 0;
        INDEX.setRelease(page, prodOffset, 0);
        INDEX.setRelease(page, consOffset, 0);
    }
}
