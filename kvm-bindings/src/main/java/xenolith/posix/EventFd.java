package xenolith.posix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A counter to wake a thread by: eventfd(2), non-blocking.
///
/// All methods may be called from any thread.
public final class EventFd implements AutoCloseable {
    private static final int EFD_NONBLOCK = 0x800;
    private static final int EFD_CLOEXEC = 0x80000;
    /// The scratch memory of one call: the counter, or a `pollfd` followed by a `timespec`.
    private static final long TIMESPEC_AT = 16;
    /// An `iovec` behind the counter.
    private static final long IOVEC_AT = 16;
    private static final int RWF_NOWAIT = 8;

    private final Fd fd;

    private EventFd(Fd fd) {
        this.fd = fd;
    }

    public static EventFd create() {
        return new EventFd(new Fd(HostException.check("eventfd",
                Libc.eventfd(CallState.ofThread(), 0, EFD_NONBLOCK | EFD_CLOEXEC))));
    }

    /// Takes ownership of a descriptor that another process made and sent.
    public static EventFd of(Fd fd) {
        return new EventFd(fd);
    }

    /// The descriptor's number, for KVM and for [Poll].
    public int raw() {
        return fd.raw();
    }

    /// Adds one. A full counter (2^64 - 2) is as good as signalled, so `EAGAIN` is no error.
    public void signal() {
        MemorySegment counter = CallState.ofThread().scratch();
        counter.set(ValueLayout.JAVA_LONG, 0, 1L);
        fd.write(counter, Long.BYTES);
    }

    /// Takes the whole count, 0 if nobody has signalled since.
    public long drain() {
        MemorySegment counter = CallState.ofThread().scratch();
        return fd.read(counter, Long.BYTES) == Long.BYTES ? counter.get(ValueLayout.JAVA_LONG, 0) : 0;
    }

    /// As [#drain], for one that another process has too: `O_NONBLOCK` belongs to all who have the descriptor, and any of
    /// them can take it away. This call does not wait whatever they do (`RWF_NOWAIT`, Linux 5.8).
    public long drainShared() {
        CallState state = CallState.ofThread();
        MemorySegment scratch = state.scratch();
        scratch.set(ValueLayout.JAVA_LONG, IOVEC_AT, scratch.address());
        scratch.set(ValueLayout.JAVA_LONG, IOVEC_AT + Long.BYTES, Long.BYTES);
        long result = Libc.preadv2(state, fd.raw(), scratch.address() + IOVEC_AT, 1, RWF_NOWAIT);
        if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
            return 0;
        }
        HostException.check("preadv2", result);
        return scratch.get(ValueLayout.JAVA_LONG, 0);
    }

    /// Waits until the count is not 0 or `timeoutNs` has passed; a negative timeout waits for ever. Does not drain.
    /// Returns whether the count was seen; false may come early, when a signal interrupted the wait.
    public boolean await(long timeoutNs) {
        CallState state = CallState.ofThread();
        MemorySegment scratch = state.scratch();
        Poll.setPollfd(scratch, fd.raw(), Poll.POLLIN);
        long timespec = 0;
        if (timeoutNs >= 0) {
            Timespec.set(scratch, TIMESPEC_AT, timeoutNs);
            timespec = scratch.address() + TIMESPEC_AT;
        }
        int ready = Libc.ppoll(state, scratch.address(), 1, timespec);
        return ready != -Errno.EINTR && HostException.check("ppoll", ready) > 0;
    }

    @Override
    public void close() {
        fd.close();
    }
}
