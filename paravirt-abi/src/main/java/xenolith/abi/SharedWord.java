package xenolith.abi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Reads and writes single words that the guest reads and writes at the same time.
///
/// The access mode is in the name. *Opaque*: one whole load or store, in no order with others. *Acquire* and
/// *release*: for an index that publishes data. *Volatile*, and every read-modify-write: in one order that all threads
/// and virtual CPUs agree on, as `lock`-prefixed instructions give it. Read-modify-write exists for `int` and `long`
/// only; a byte or a 16-bit field has no more than volatile get and set, and must be changed through the word around
/// it where both sides change it.
///
/// Offsets are bytes from the start of the segment and must be multiples of the word's size: a misaligned one throws
/// `IllegalArgumentException`, so a guest's offset is checked before it comes here.
public final class SharedWord {
    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle().withInvokeExactBehavior();
    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle().withInvokeExactBehavior();
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle().withInvokeExactBehavior();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();

    private SharedWord() {
    }

    public static int getByteVolatile(MemorySegment s, long offset) {
        return Byte.toUnsignedInt((byte) BYTE.getVolatile(s, offset));
    }

    public static void setByteVolatile(MemorySegment s, long offset, int v) {
        BYTE.setVolatile(s, offset, (byte) v);
    }

    public static int getShortVolatile(MemorySegment s, long offset) {
        return Short.toUnsignedInt((short) SHORT.getVolatile(s, offset));
    }

    public static void setShortVolatile(MemorySegment s, long offset, int v) {
        SHORT.setVolatile(s, offset, (short) v);
    }

    public static int getIntOpaque(MemorySegment s, long offset) {
        return (int) INT.getOpaque(s, offset);
    }

    public static void setIntOpaque(MemorySegment s, long offset, int v) {
        INT.setOpaque(s, offset, v);
    }

    public static int getIntAcquire(MemorySegment s, long offset) {
        return (int) INT.getAcquire(s, offset);
    }

    public static void setIntRelease(MemorySegment s, long offset, int v) {
        INT.setRelease(s, offset, v);
    }

    public static int getIntVolatile(MemorySegment s, long offset) {
        return (int) INT.getVolatile(s, offset);
    }

    public static void setIntVolatile(MemorySegment s, long offset, int v) {
        INT.setVolatile(s, offset, v);
    }

    /// Stores `v` if the word still is `expected`; false if the other side was quicker.
    public static boolean compareAndSetInt(MemorySegment s, long offset, int expected, int v) {
        return INT.compareAndSet(s, offset, expected, v);
    }

    /// Sets the bits of `mask` and returns the word as it was before.
    public static int getAndOrInt(MemorySegment s, long offset, int mask) {
        return (int) INT.getAndBitwiseOr(s, offset, mask);
    }

    /// Clears the bits of `mask` and returns the word as it was before.
    public static int getAndClearInt(MemorySegment s, long offset, int mask) {
        return (int) INT.getAndBitwiseAnd(s, offset, ~mask);
    }

    public static long getLongOpaque(MemorySegment s, long offset) {
        return (long) LONG.getOpaque(s, offset);
    }

    public static void setLongOpaque(MemorySegment s, long offset, long v) {
        LONG.setOpaque(s, offset, v);
    }

    public static void setLongRelease(MemorySegment s, long offset, long v) {
        LONG.setRelease(s, offset, v);
    }

    public static long getLongVolatile(MemorySegment s, long offset) {
        return (long) LONG.getVolatile(s, offset);
    }

    public static void setLongVolatile(MemorySegment s, long offset, long v) {
        LONG.setVolatile(s, offset, v);
    }

    /// Stores `v` if the word still is `expected`; false if the other side was quicker.
    public static boolean compareAndSetLong(MemorySegment s, long offset, long expected, long v) {
        return LONG.compareAndSet(s, offset, expected, v);
    }

    /// Sets the bits of `mask` and returns the word as it was before.
    public static long getAndOrLong(MemorySegment s, long offset, long mask) {
        return (long) LONG.getAndBitwiseOr(s, offset, mask);
    }

    /// Clears the bits of `mask` and returns the word as it was before.
    public static long getAndClearLong(MemorySegment s, long offset, long mask) {
        return (long) LONG.getAndBitwiseAnd(s, offset, ~mask);
    }
}
