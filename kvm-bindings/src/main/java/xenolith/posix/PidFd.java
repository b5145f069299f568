package xenolith.posix;

/// A process by descriptor (`pidfd_open(2)`): unlike its number it never becomes another's.
public final class PidFd implements AutoCloseable {
    private static final long SYS_PIDFD_OPEN = 434;

    private final Fd fd;

    private PidFd(Fd fd) {
        this.fd = fd;
    }

    /// Throws [HostException], of ESRCH where there is no such process.
    public static PidFd open(int pid) {
        return new PidFd(new Fd(HostException.check("pidfd_open",
                LibcProcesses.syscall(CallState.ofThread(), SYS_PIDFD_OPEN, pid, 0))));
    }

    /// The descriptor's number for [Poll], which finds it readable when all threads of the process have ended, and with
    /// them its memory; -1 once closed.
    public int raw() {
        return fd.raw();
    }

    /// Waits for its end, up to `timeoutNs`, 0 to look only. Returns whether it has ended; false may come early.
    public boolean awaitEnd(long timeoutNs) {
        Poll poll = new Poll(1);
        poll.add(fd.raw(), Poll.POLLIN);
        return poll.await(timeoutNs) > 0;
    }

    @Override
    public void close() {
        fd.close();
    }
}
