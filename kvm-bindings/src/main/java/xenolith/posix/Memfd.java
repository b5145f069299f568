package xenolith.posix;

import java.lang.foreign.Arena;

/// Anonymous memory with a descriptor, so that it can be mapped more than once and given back in pieces.
public final class Memfd {
    private static final int MFD_CLOEXEC = 1;
    private static final int FALLOC_FL_KEEP_SIZE = 1;
    private static final int FALLOC_FL_PUNCH_HOLE = 2;

    private Memfd() {
    }

    /// Creates `byteSize` bytes of zeroes; the host spends a page only once it is touched. `name` shows up in
    /// `/proc/self/maps`.
    public static Fd create(String name, long byteSize) {
        CallState state = CallState.ofThread();
        Fd fd;
        try (Arena arena = Arena.ofConfined()) {
            fd = new Fd(HostException.check("memfd_create",
                    Libc.memfdCreate(state, arena.allocateFrom(name).address(), MFD_CLOEXEC)));
        }
        int result = Libc.ftruncate(state, fd.raw(), byteSize);
        if (result < 0) {
            fd.close();
            throw new HostException("ftruncate", -result);
        }
        return fd;
    }

    /// Gives pages back to the host: they read as zeroes afterwards, in every mapping. Both numbers are in bytes and
    /// page-aligned.
    public static void punchHole(Fd memfd, long offset, long byteLength) {
        HostException.check("fallocate", Libc.fallocate(CallState.ofThread(), memfd.raw(),
                FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, byteLength));
    }
}
