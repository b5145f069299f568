package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.Objects;

/// An open file descriptor, closed once.
///
/// After [#close] the number reads as -1, so that a late call meets `EBADF` and not some newer file that was given
/// the same number. All methods may be called from any thread.
public final class Fd implements AutoCloseable {
    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_NONBLOCK = 0x800;
    /// Opens a folder as a new file in it that has no name and is gone with the descriptor.
    public static final int O_TMPFILE = 0x410000;
    /// Past the host's page cache, for whole blocks of the storage's from memory aligned to them. File systems that cannot
    /// do that refuse it with `EINVAL`.
    public static final int O_DIRECT = 0x4000;
    /// Always set by [#open]: children of the hypervisor get none of its descriptors.
    public static final int O_CLOEXEC = 0x80000;

    private static final int CLOSED = -1;
    private static final int SEEK_END = 2;
    private static final int SEEK_DATA = 3;
    private static final int LOCK_SH = 1;
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    private static final int FALLOC_FL_KEEP_SIZE = 1;
    private static final int FALLOC_FL_PUNCH_HOLE = 2;

    /// `<linux/fs.h>`: `_IO(0x12, 104)` and `_IO(0x12, 123)`, which give an `int`.
    private static final long BLKSSZGET = 0x1268;
    private static final long BLKPBSZGET = 0x127b;

    private volatile int raw;

    /// Takes ownership of an open descriptor.
    public Fd(int raw) {
        if (raw < 0) {
            throw new IllegalArgumentException("fd=" + raw);
        }
        this.raw = raw;
    }

    /// Opens an existing file. Throws [HostException] naming the path.
    public static Fd open(String path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path);
            return new Fd(HostException.check(path,
                    Libc.open(CallState.ofThread(), name.address(), flags | O_CLOEXEC)));
        }
    }

    /// The descriptor's number, or -1 once closed.
    public int raw() {
        return raw;
    }

    /// Reads up to `n` bytes. Returns how many, 0 at the end of the file, or `-EAGAIN` where the descriptor does not
    /// block and has nothing to give.
    public long read(MemorySegment buf, long n) {
        CallState state = CallState.ofThread();
        long address = writableAddressOf(buf, n);
        long result;
        do {
            result = Libc.read(state, raw, address, n);
        } while (result == -Errno.EINTR);
        Reference.reachabilityFence(buf);
        return transferred("read", result);
    }

    /// Reads up to `n` bytes from file offset `offset`, as [#read] does.
    public long pread(MemorySegment buf, long n, long offset) {
        CallState state = CallState.ofThread();
        long address = writableAddressOf(buf, n);
        long result;
        do {
            result = Libc.pread(state, raw, address, n, offset);
        } while (result == -Errno.EINTR);
        Reference.reachabilityFence(buf);
        return transferred("pread", result);
    }

    /// Writes up to `n` bytes. Returns how many, or `-EAGAIN` where the descriptor does not block and is full.
    public long write(MemorySegment buf, long n) {
        CallState state = CallState.ofThread();
        long address = addressOf(buf, n);
        long result;
        do {
            result = Libc.write(state, raw, address, n);
        } while (result == -Errno.EINTR);
        Reference.reachabilityFence(buf);
        return transferred("write", result);
    }

    /// Reads from file offset `offset` into the pieces. Returns how many bytes, 0 at the end of the file, or `-errno`.
    public long preadv(Iovec to, long offset) {
        if (to.isReadOnly()) {
            throw new IllegalArgumentException("a piece is read-only");
        }
        CallState state = CallState.ofThread();
        long result;
        do {
            result = Libc.preadv(state, raw, to.address(), to.count(), offset);
        } while (result == -Errno.EINTR);
        Reference.reachabilityFence(to);
        return result;
    }

    /// Writes the pieces at file offset `offset`. Returns how many bytes, or `-errno`.
    public long pwritev(Iovec from, long offset) {
        CallState state = CallState.ofThread();
        long result;
        do {
            result = Libc.pwritev(state, raw, from.address(), from.count(), offset);
        } while (result == -Errno.EINTR);
        Reference.reachabilityFence(from);
        return result;
    }

    /// Reads into the pieces. Returns how many bytes, 0 at the end, or `-errno`.
    public long readv(Iovec to) {
        if (to.isReadOnly()) {
            throw new IllegalArgumentException("a piece is read-only");
        }
        CallState state = CallState.ofThread();
        long result;
        do {
            result = Libc.readv(state, raw, to.address(), to.count());
        } while (result == -Errno.EINTR);
        Reference.reachabilityFence(to);
        return result;
    }

    /// Writes the pieces. Returns how many bytes, or `-errno`.
    public long writev(Iovec from) {
        CallState state = CallState.ofThread();
        long result;
        do {
            result = Libc.writev(state, raw, from.address(), from.count());
        } while (result == -Errno.EINTR);
        Reference.reachabilityFence(from);
        return result;
    }

    /// Waits until all written data is on the storage (`fdatasync(2)`). Returns 0 or `-errno`.
    public int dataSync() {
        CallState state = CallState.ofThread();
        int result;
        do {
            result = Libc.fdatasync(state, raw);
        } while (result == -Errno.EINTR);
        return result;
    }

    /// Takes the file for as long as this descriptor is open, for itself or together with others that share (`flock(2)`).
    /// Returns false at once if somebody has it otherwise, this process included.
    public boolean tryLock(boolean shared) {
        int result = Libc.flock(CallState.ofThread(), raw, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB);
        if (result == -Errno.EAGAIN) {
            return false;
        }
        HostException.check("flock", result);
        return true;
    }

    /// Gives the storage of a range back; it then reads as zeros (`fallocate(2)`). Returns 0 or `-errno`.
    public int punchHole(long offset, long byteLength) {
        return Libc.fallocate(CallState.ofThread(), raw, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, byteLength);
    }

    /// Gives a file that length; what is new reads as zeros (`ftruncate(2)`). Returns 0 or `-errno`.
    public int truncate(long byteLength) {
        return Libc.ftruncate(CallState.ofThread(), raw, byteLength);
    }

    /// Where the file, or block device, ends. Throws [HostException] for what has no end.
    public long end() {
        return HostException.check("lseek", Libc.lseek(CallState.ofThread(), raw, 0, SEEK_END));
    }

    /// Where the file's first data are: what it has storage for, and has been written. Returns `-errno`, `-ENXIO` if there
    /// are none. A host that does not know says 0.
    public long firstData() {
        return Libc.lseek(CallState.ofThread(), raw, 0, SEEK_DATA);
    }

    /// The least that a block device reads or writes, in bytes, or what it does best; 0 for what is no block device.
    public int deviceSectorBytes(boolean physical) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(ValueLayout.JAVA_INT);
            int result = ioctl(CallState.ofThread(), physical ? BLKPBSZGET : BLKSSZGET, bytes, Integer.BYTES);
            return result < 0 ? 0 : bytes.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /// `ioctl(2)` with a struct: at least `byteLength` bytes of native memory. Returns the result, or `-errno`. `state`
    /// must not be in use by another thread.
    public int ioctl(CallState state, long request, MemorySegment argument, long byteLength) {
        int result = Libc.ioctl(state, raw, request, addressOf(argument, byteLength));
        Reference.reachabilityFence(argument);
        return result;
    }

    /// `ioctl(2)` with an integer or an address that the caller keeps alive. Returns the result, or `-errno`.
    /// `state` must not be in use by another thread.
    public int ioctl(CallState state, long request, long argument) {
        return Libc.ioctl(state, raw, request, argument);
    }

    private static long writableAddressOf(MemorySegment buf, long n) {
        if (buf.isReadOnly()) {
            throw new IllegalArgumentException("buffer is read-only");
        }
        return addressOf(buf, n);
    }

    /// The kernel knows nothing of segments: what FFM would check for us is checked here.
    private static long addressOf(MemorySegment buf, long n) {
        if (!buf.isNative()) {
            throw new IllegalArgumentException("buffer is on the Java heap");
        }
        if (!buf.scope().isAlive()) {
            throw new IllegalStateException("buffer is already freed");
        }
        Objects.checkFromIndexSize(0, n, buf.byteSize());
        return buf.address();
    }

    private static long transferred(String call, long result) {
        return result == -Errno.EAGAIN ? result : HostException.check(call, result);
    }

    /// Closes the descriptor; closing again does nothing. The kernel frees the number even where close(2) reports an
    /// error, and nothing of ours could act on the report, so it is dropped.
    @Override
    public synchronized void close() {
        int old = raw;
        raw = CLOSED;
        if (old != CLOSED) {
            Libc.close(CallState.ofThread(), old);
        }
    }
}
