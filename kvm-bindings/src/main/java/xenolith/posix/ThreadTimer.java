package xenolith.posix;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/// A one-shot timer that sends a signal to one thread: timer_create(2) with `SIGEV_THREAD_ID`.
///
/// It ends KVM_RUN at a guest's deadline without a second thread. The target thread must have blocked the signal
/// (see [KickSignal]). One thread at a time may use a timer. At most one of its signals is queued at any time.
public final class ThreadTimer implements AutoCloseable {
    static final StructLayout SIGEVENT = MemoryLayout.structLayout(
            ValueLayout.JAVA_LONG.withName("sigev_value"),
            ValueLayout.JAVA_INT.withName("sigev_signo"),
            ValueLayout.JAVA_INT.withName("sigev_notify"),
            ValueLayout.JAVA_INT.withName("sigev_notify_thread_id"),
            MemoryLayout.paddingLayout(44)).withName("sigevent");
    static final StructLayout ITIMERSPEC = MemoryLayout.structLayout(
            Timespec.LAYOUT.withName("it_interval"),
            Timespec.LAYOUT.withName("it_value")).withName("itimerspec");

    private static final long EVENT_SIGNO = SIGEVENT.byteOffset(PathElement.groupElement("sigev_signo"));
    private static final long EVENT_NOTIFY = SIGEVENT.byteOffset(PathElement.groupElement("sigev_notify"));
    private static final long EVENT_THREAD_ID =
            SIGEVENT.byteOffset(PathElement.groupElement("sigev_notify_thread_id"));
    private static final long IT_VALUE = ITIMERSPEC.byteOffset(PathElement.groupElement("it_value"));

    private static final int CLOCK_MONOTONIC = 1;
    private static final int SIGEV_THREAD_ID = 4;
    private static final int RELATIVE = 0;

    private final CallState state;
    private final long timer;
    private boolean closed;

    private ThreadTimer(CallState state, long timer) {
        this.state = state;
        this.timer = timer;
    }

    /// Creates a disarmed timer that will send `signo` to the thread with kernel number `tid`.
    public static ThreadTimer create(int tid, int signo) {
        CallState state = new CallState();
        MemorySegment event = state.scratch();
        event.set(ValueLayout.JAVA_INT, EVENT_SIGNO, signo);
        event.set(ValueLayout.JAVA_INT, EVENT_NOTIFY, SIGEV_THREAD_ID);
        event.set(ValueLayout.JAVA_INT, EVENT_THREAD_ID, tid);
        long timerAt = SIGEVENT.byteSize();
        HostException.check("timer_create", Libc.timerCreate(state, CLOCK_MONOTONIC,
                event.address(), event.address() + timerAt));
        long timer = event.get(ValueLayout.JAVA_LONG, timerAt);
        event.fill((byte) 0);
        return new ThreadTimer(state, timer);
    }

    /// Fires once, `relativeNs` from now, in place of an earlier setting. A value below 1 fires at once: 0 would mean
    /// "disarm" to the kernel.
    public void arm(long relativeNs) {
        set(Math.max(relativeNs, 1));
    }

    /// Stops the timer. A signal that it has already sent stays queued.
    public void disarm() {
        set(0);
    }

    /// `it_interval`, at the start of the scratch memory, stays zero: the timer fires once.
    private void set(long relativeNs) {
        if (closed) {
            throw new IllegalStateException("timer is closed");
        }
        Timespec.set(state.scratch(), IT_VALUE, relativeNs);
        HostException.check("timer_settime",
                Libc.timerSettime(state, timer, RELATIVE, state.scratch().address()));
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Libc.timerDelete(state, timer);
        }
    }
}
