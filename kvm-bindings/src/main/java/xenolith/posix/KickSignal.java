package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The signal that ends KVM_RUN in another thread.
///
/// It has no handler: the vCPU's thread blocks it, KVM unblocks it inside KVM_RUN alone (KVM_SET_SIGNAL_MASK), KVM_RUN
/// then returns `EINTR`, and [#consume] takes the signal out of the queue. The JVM never sees it.
///
/// The process ignores it. A thread that blocks a signal gets it all the same, also inside KVM_RUN, where Linux goes by
/// the mask from before (`sig_ignored`). One that does not block it loses it: before [#blockOnCurrentThread], and at its
/// end, when the JVM gives a thread the mask of the one that started it. The default action would end the process then.
public final class KickSignal {
    /// `SIGRTMIN + 4`: glibc keeps 32 and 33 for itself, the JVM uses signals below 32 only.
    public static final int SIGNO = 38;

    private static final int SIG_BLOCK = 0;
    private static final long SIG_IGN = 1;
    private static final long SIGSET_BYTES = 128;
    /// A real-time signal is queued once for each sending. A vCPU that meets more than this takes the rest next time.
    private static final int MAX_QUEUED = 64;

    /// A `sigset_t` with this one signal, then a zero `timespec`. Never written after the class is initialised.
    private static final MemorySegment SET = signalSet();

    private KickSignal() {
    }

    private static MemorySegment signalSet() {
        MemorySegment set = Arena.global().allocate(SIGSET_BYTES + Timespec.LAYOUT.byteSize(), Long.BYTES);
        set.set(ValueLayout.JAVA_LONG, 0, 1L << (SIGNO - 1));
        return set.asReadOnly();
    }

    /// Blocks the signal on the calling thread, until its end. Threads that it starts inherit this, which is harmless.
    public static void blockOnCurrentThread() {
        HostException.check("signal", Libc.signal(CallState.ofThread(), SIGNO, SIG_IGN));
        HostException.check("pthread_sigmask",
                Libc.pthreadSigmask(CallState.ofThread(), SIG_BLOCK, SET.address()));
    }

    /// The kernel's number of the calling thread, for [#send] and [ThreadTimer#create].
    public static int currentTid() {
        return Libc.gettid(CallState.ofThread());
    }

    /// Kicks a thread of this process that has blocked the signal. A thread that has ended in the meantime needs no
    /// kick, so `ESRCH` is no error; the sender makes sure that the number has not passed on to a newer thread.
    public static void send(int tid) {
        CallState state = CallState.ofThread();
        int result = Libc.tgkill(state, Libc.getpid(state), tid, SIGNO);
        if (result != -Errno.ESRCH) {
            HostException.check("tgkill", result);
        }
    }

    /// Takes all kicks that wait for the calling thread. Returns whether there was one. Never blocks.
    public static boolean consume() {
        CallState state = CallState.ofThread();
        for (int taken = 0; taken < MAX_QUEUED; taken++) {
            int result = Libc.sigtimedwait(state, SET.address(), SET.address() + SIGSET_BYTES);
            if (result == -Errno.EAGAIN) {
                return taken > 0;
            }
            if (result != -Errno.EINTR) {
                HostException.check("sigtimedwait", result);
            }
        }
        return true;
    }
}
