package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/// Locks of single bytes of a file, for programs that agree what each stands for: `F_OFD_SETLK` of `fcntl(2)`. The file
/// need not be so long. They belong to the open file, not to the process, and end when it is closed.
public final class ByteLock {
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;
    private static final long MOST_NEIGHBOURS = 1 << 16;
    private static final long PADDING_BYTES = 4;
    private static final StructLayout FLOCK = MemoryLayout.structLayout(
            ValueLayout.JAVA_SHORT.withName("l_type"),
            ValueLayout.JAVA_SHORT.withName("l_whence"),
            MemoryLayout.paddingLayout(PADDING_BYTES),
            ValueLayout.JAVA_LONG.withName("l_start"),
            ValueLayout.JAVA_LONG.withName("l_len"),
            ValueLayout.JAVA_INT.withName("l_pid"),
            MemoryLayout.paddingLayout(PADDING_BYTES)).withName("flock");
    private static final long TYPE = offset("l_type");
    private static final long START = offset("l_start");
    private static final long LENGTH = offset("l_len");

    private ByteLock() {
    }

    private static long offset(String field) {
        return FLOCK.byteOffset(PathElement.groupElement(field));
    }

    /// Holds a byte together with all who hold it, or holds it no more. Returns 0 or `-errno`: `-EAGAIN` if somebody has it
    /// alone, `-EINVAL` or `-ENOLCK` from a host or file system without such locks.
    public static int share(Fd fd, long at, boolean held) {
        try (Arena arena = Arena.ofConfined()) {
            return fcntl(fd, F_OFD_SETLK, flock(arena, held ? F_RDLCK : F_UNLCK, at));
        }
    }

    /// Whether any other open file has a lock on a byte, alone or with neighbours. Where nobody can know, nobody has.
    ///
    /// A lock without an end, or of very many bytes, is one of the file and not meant for the byte: network file systems have
    /// a `flock(2)` look so, or what is left of it when its owner has let go of bytes in the middle.
    public static boolean heldByOthers(Fd fd, long at) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flock = flock(arena, F_WRLCK, at);
            return fcntl(fd, F_OFD_GETLK, flock) == 0 && flock.get(ValueLayout.JAVA_SHORT, TYPE) != F_UNLCK
                    && isOfBytes(flock.get(ValueLayout.JAVA_LONG, LENGTH));
        }
    }

    /// A length of 0 is without an end.
    private static boolean isOfBytes(long byteLength) {
        return byteLength > 0 && byteLength <= MOST_NEIGHBOURS;
    }

    /// From the file's start (`SEEK_SET`), and of no process (`l_pid`): both are 0.
    private static MemorySegment flock(Arena arena, short type, long at) {
        MemorySegment flock = arena.allocate(FLOCK);
        flock.set(ValueLayout.JAVA_SHORT, TYPE, type);
        flock.set(ValueLayout.JAVA_LONG, START, at);
        flock.set(ValueLayout.JAVA_LONG, LENGTH, 1);
        return flock;
    }

    private static int fcntl(Fd fd, int command, MemorySegment flock) {
        return Libc.fcntl(CallState.ofThread(), fd.raw(), command, flock.address());
    }
}
