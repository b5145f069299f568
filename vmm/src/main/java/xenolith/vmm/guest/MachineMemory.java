package xenolith.vmm.guest;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The machine's memory: one shared mapping cut into 4 KiB frames.
///
/// Frames are numbered from [#BASE_MFN], that is from machine address 4 GiB, so that no frame collides with the
/// addresses below 4 GiB which KVM and its clients use for devices (our doorbell, the TSS page of VT-x), and so that
/// a guest that mistakes pfn for mfn fails at once rather than by luck.
///
/// Addresses are machine addresses in bytes. They are not checked beyond the bounds of the mapping: callers check
/// with [#contains] what a guest gave them.
public final class MachineMemory {
    public static final int PAGE_SHIFT = 12;
    public static final int PAGE_SIZE = 1 << PAGE_SHIFT;
    /// The first machine frame: machine address 4 GiB.
    public static final long BASE_MFN = 1L << (32 - PAGE_SHIFT);

    private static final long BASE = BASE_MFN << PAGE_SHIFT;
    private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();
    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle().withInvokeExactBehavior();
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle().withInvokeExactBehavior();

    private final MemorySegment segment;
    private final long frameCount;

    /// Views `segment`, page-aligned and a whole number of frames, as the machine's memory.
    public MachineMemory(MemorySegment segment) {
        if (segment.byteSize() % PAGE_SIZE != 0) {
            throw new IllegalArgumentException("byteSize=" + segment.byteSize() + " is not a number of whole frames");
        }
        this.segment = segment;
        this.frameCount = segment.byteSize() >>> PAGE_SHIFT;
    }

    /// The bytes themselves; a machine address `ma` lies at `offset(ma)`.
    public MemorySegment segment() {
        return segment;
    }

    public long frameCount() {
        return frameCount;
    }

    /// One past the last machine frame.
    public long endMfn() {
        return BASE_MFN + frameCount;
    }

    public boolean contains(long mfn) {
        return Long.compareUnsigned(mfn - BASE_MFN, frameCount) < 0;
    }

    /// Where the byte at machine address `ma` lies in [#segment].
    public static long offset(long ma) {
        return ma - BASE;
    }

    /// The frame itself, 4096 bytes.
    public MemorySegment frame(long mfn) {
        return segment.asSlice((mfn - BASE_MFN) << PAGE_SHIFT, PAGE_SIZE);
    }

    public void clearFrame(long mfn) {
        frame(mfn).fill((byte) 0);
    }

    public long readWord(long ma) {
        return (long) WORD.getOpaque(segment, offset(ma));
    }

    public void writeWord(long ma, long value) {
        WORD.setOpaque(segment, offset(ma), value);
    }

    /// Reads a word that another thread or the guest publishes; what it stored before is read after.
    public long readWordAcquire(long ma) {
        return (long) WORD.getAcquire(segment, offset(ma));
    }

    /// Publishes: what was stored before is seen by whoever sees this word.
    public void writeWordRelease(long ma, long value) {
        WORD.setRelease(segment, offset(ma), value);
    }

    /// Returns the value found; the exchange took place if that equals `expected`.
    public long compareAndExchangeWord(long ma, long expected, long value) {
        return (long) WORD.compareAndExchange(segment, offset(ma), expected, value);
    }

    public long getAndOrWord(long ma, long bits) {
        return (long) WORD.getAndBitwiseOr(segment, offset(ma), bits);
    }

    public long getAndAndWord(long ma, long bits) {
        return (long) WORD.getAndBitwiseAnd(segment, offset(ma), bits);
    }

    public int readInt(long ma) {
        return (int) INT.getOpaque(segment, offset(ma));
    }

    public void writeInt(long ma, int value) {
        INT.setOpaque(segment, offset(ma), value);
    }

    /// As [#getAndOrWord]; like it a full barrier.
    public int getAndOrInt(long ma, int bits) {
        return (int) INT.getAndBitwiseOr(segment, offset(ma), bits);
    }

    public int getAndAndInt(long ma, int bits) {
        return (int) INT.getAndBitwiseAnd(segment, offset(ma), bits);
    }

    /// Returns the value found; the exchange took place if that equals `expected`.
    public int compareAndExchangeInt(long ma, int expected, int value) {
        return (int) INT.compareAndExchange(segment, offset(ma), expected, value);
    }

    public int readIntVolatile(long ma) {
        return (int) INT.getVolatile(segment, offset(ma));
    }

    /// Publishes: what was stored before is seen by whoever sees this.
    public void writeIntRelease(long ma, int value) {
        INT.setRelease(segment, offset(ma), value);
    }

    /// Stores a flag that the guest tests, after everything stored before it and before everything after.
    public void writeByteVolatile(long ma, byte value) {
        BYTE.setVolatile(segment, offset(ma), value);
    }

    /// Reads a flag that another thread or the guest sets; not before what this thread stored volatile.
    public byte readByteVolatile(long ma) {
        return (byte) BYTE.getVolatile(segment, offset(ma));
    }

    public byte readByte(long ma) {
        return segment.get(ValueLayout.JAVA_BYTE, offset(ma));
    }

    public void writeByte(long ma, byte value) {
        segment.set(ValueLayout.JAVA_BYTE, offset(ma), value);
    }
}
