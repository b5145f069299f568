package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A range of our address space from mmap(2), usable from every thread.
///
/// The segment lives in a shared arena, so that a use after [#close] throws instead of crashing the JVM. Closing such
/// an arena costs about 0.3 ms and stops all threads for a moment: a mapping is made per machine or per vCPU, never
/// per request. Native code that was given the [#address] is not stopped by a close; the owner stops it first.
public final class Mapping implements AutoCloseable {
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 0x01;
    private static final int MAP_PRIVATE = 0x02;
    private static final int MAP_FIXED = 0x10;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MADV_POPULATE_WRITE = 23;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    private Mapping(long byteLength, boolean writable, int flags, int fd, long offset) {
        long address = map(byteLength, writable ? PROT_READ | PROT_WRITE : PROT_READ, flags, fd, offset);
        MemorySegment mapped = attach(address, byteLength, arena);
        segment = writable ? mapped : mapped.asReadOnly();
    }

    private long map(long byteLength, int protection, int flags, int fd, long offset) {
        long address = Libc.mmap(CallState.ofThread(), 0, byteLength, protection, flags, fd, offset);
        if (address < 0) {
            arena.close();
        }
        return HostException.check("mmap", address);
    }

    @SuppressWarnings("restricted")
    private static MemorySegment attach(long address, long byteLength, Arena arena) {
        return MemorySegment.ofAddress(address).reinterpret(byteLength, arena, Mapping::unmap);
    }

    private static void unmap(MemorySegment mapped) {
        Libc.munmap(CallState.ofThread(), mapped.address(), mapped.byteSize());
    }

    /// Maps a file, shared with everyone who maps it. Offset and length are in bytes, the offset page-aligned.
    public static Mapping shared(Fd fd, long offset, long byteLength, boolean writable) {
        return new Mapping(byteLength, writable, MAP_SHARED, fd.raw(), offset);
    }

    /// Maps two files one behind the other, shared and writable: the first `firstBytes` of one and then the first
    /// `secondBytes` of the other, both whole pages.
    public static Mapping sharedPair(Fd first, long firstBytes, Fd second, long secondBytes) {
        Mapping whole = new Mapping(firstBytes + secondBytes, true, MAP_SHARED, first.raw(), 0);
        long result = Libc.mmap(CallState.ofThread(), whole.address() + firstBytes, secondBytes, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_FIXED, second.raw(), 0);
        if (result < 0) {
            whole.close();
        }
        HostException.check("mmap", result);
        return whole;
    }

    /// Maps zeroed memory of our own.
    public static Mapping anonymous(long byteLength) {
        return new Mapping(byteLength, true, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }

    /// The mapped bytes. Read-only where the mapping is.
    public MemorySegment segment() {
        return segment;
    }

    /// Where the mapping begins in our address space, for structures that hand it to the kernel.
    public long address() {
        return segment.address();
    }

    /// Populates the pages of a range now, writable, so that a guest's first touch does not wait for the host
    /// (8 to 11 µs a page against 1.5). Both numbers are in bytes and page-aligned. Needs Linux 5.14.
    public void prefault(long offset, long length) {
        HostException.check("madvise", Libc.madvise(CallState.ofThread(),
                segment.asSlice(offset, length).address(), length, MADV_POPULATE_WRITE));
    }

    /// Unmaps the range. A mapping is closed once.
    @Override
    public void close() {
        arena.close();
    }
}
