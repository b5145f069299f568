package xenolith.posix;

import java.lang.foreign.Arena;

/// Anonymous memory with a descriptor, so that it can be mapped more than once and given back in pieces.
///
/// Its size is sealed: were it cut short by another process that has the descriptor, who touches a mapping of it would be
/// killed by SIGBUS.
public final class Memfd {
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033;
    private static final int F_SEAL_SEAL = 1;
    private static final int F_SEAL_SHRINK = 2;
    private static final int F_SEAL_GROW = 4;
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
                    Libc.memfdCreate(state, arena.allocateFrom(name).address(), MFD_CLOEXEC | MFD_ALLOW_SEALING)));
        }
        try {
            HostException.check("ftruncate", Libc.ftruncate(state, fd.raw(), byteSize));
            HostException.check("F_ADD_SEALS", Libc.fcntl(state, fd.raw(), F_ADD_SEALS,
                    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW));
            return fd;
        } catch (HostException e) {
            fd.close();
            throw e;
        }
    }

    /// Gives pages back to the host: they read as zeroes afterwards, in every mapping. Both numbers are in bytes and
    /// page-aligned.
    public static void punchHole(Fd memfd, long offset, long byteLength) {
        HostException.check("fallocate", Libc.fallocate(CallState.ofThread(), memfd.raw(),
                FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, byteLength));
    }
}
