package xenolith.backend;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The guest's side of one byte ring, written from the header alone and independently of the code under test.
public final class GuestRing {
    private static final VarHandle INDEX = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment page;
    private final long data;
    private final int size;
    private final long consAt;
    private final long prodAt;

    public GuestRing(MemorySegment page, long data, int size, long consAt, long prodAt) {
        this.page = page;
        this.data = data;
        this.size = size;
        this.consAt = consAt;
        this.prodAt = prodAt;
    }

    public int cons() {
        return (int) INDEX.getAcquire(page, consAt);
    }

    public int prod() {
        return (int) INDEX.getAcquire(page, prodAt);
    }

    public void cons(int value) {
        INDEX.setRelease(page, consAt, value);
    }

    public void prod(int value) {
        INDEX.setRelease(page, prodAt, value);
    }

    public int used() {
        return prod() - cons();
    }

    /// Puts what fits, byte by byte. Returns how many.
    public int put(byte[] bytes, int offset, int length) {
        int n = Math.min(length, size - used());
        for (int i = 0; i < n; i++) {
            page.set(ValueLayout.JAVA_BYTE, data + ((prod() + i) & (size - 1)), bytes[offset + i]);
        }
        prod(prod() + n);
        return n;
    }

    /// Takes all that is there.
    public byte[] take() {
        byte[] bytes = new byte[used()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = page.get(ValueLayout.JAVA_BYTE, data + ((cons() + i) & (size - 1)));
        }
        cons(cons() + bytes.length);
        return bytes;
    }
}
