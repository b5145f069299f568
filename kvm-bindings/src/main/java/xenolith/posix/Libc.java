package xenolith.posix;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Every downcall handle of the project, those of `LibcSockets` and `LibcProcesses` too.
///
/// They share one shape: six `long` arguments, of which those from the third on count as variadic, and a `long`
/// result. The first shape costs the JVM about 55 ms at start-up, each further one 5 to 16 ms, a further handle of a
/// known shape 0.3 ms. One shape serves all functions because on x86-64 (System V ABI §3.2.3) integer and pointer
/// arguments travel in six 64-bit registers whether variadic or not, and a callee looks at the low half of a register
/// for an `int` and at no register beyond its own parameters. Only the upper half of an `int` result is undefined;
/// [#intResult] drops it. `ioctl` and `open` are variadic after their second parameter, which is why the shape is.
///
/// Addresses are `long`: callers keep what they point to alive for the time of the call.
///
/// Handles live in one holder class per family, so that a start-up links only what it uses. No call is `critical`:
/// each of them may block.
final class Libc {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final FunctionDescriptor CALL = FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG);
    /// No message of libc comes near this; reading stops at the terminating zero.
    private static final long MAX_STRING_BYTES = 1024;
    private static final Linker LINKER = Linker.nativeLinker();

    private Libc() {
    }

    /// The handle of a function with the common shape, at a symbol of libc.
    static MethodHandle link(String symbol) {
        return linkAt(find(symbol));
    }

    /// The handle of a function with the common shape, at an address: our own machine code.
    @SuppressWarnings("restricted")
    static MethodHandle linkAt(MemorySegment function) {
        return LINKER.downcallHandle(function, CALL,
                Linker.Option.firstVariadicArg(2), Linker.Option.captureCallState("errno"));
    }

    private static MemorySegment find(String symbol) {
        return LINKER.defaultLookup().find(symbol)
                .orElseThrow(() -> new IllegalStateException("libc has no symbol " + symbol));
    }

    /// Calls a handle of the common shape. Returns its raw result, with `errno` in `state`.
    static long invoke(MethodHandle handle, CallState state, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) handle.invokeExact(state.capture(), a, b, c, d, e, f);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// A downcall throws nothing of its own, so whatever arrives here is an error of ours or of the JVM.
    private static IllegalStateException unexpected(Throwable t) {
        if (t instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("downcall failed", t);
    }

    static long longResult(CallState state, long result) {
        return result == -1 ? -state.errno() : result;
    }

    static int intResult(CallState state, long result) {
        return (int) result == -1 ? -state.errno() : (int) result;
    }

    private static final class Control {
        static final MethodHandle IOCTL = link("ioctl");
    }

    /// The hot path of a vCPU: one invocation, no allocation.
    static int ioctl(CallState state, int fd, long request, long argument) {
        return intResult(state, invoke(Control.IOCTL, state, fd, request, argument, 0, 0, 0));
    }

    private static final class Files {
        static final MethodHandle OPEN = link("open");
        static final MethodHandle CLOSE = link("close");
    }

    static int open(CallState state, long path, int flags) {
        return intResult(state, invoke(Files.OPEN, state, path, flags, 0, 0, 0, 0));
    }

    static int close(CallState state, int fd) {
        return intResult(state, invoke(Files.CLOSE, state, fd, 0, 0, 0, 0, 0));
    }

    private static final class Transfers {
        static final MethodHandle READ = link("read");
        static final MethodHandle WRITE = link("write");
        static final MethodHandle PREAD = link("pread");
    }

    static long read(CallState state, int fd, long buffer, long byteLength) {
        return longResult(state, invoke(Transfers.READ, state, fd, buffer, byteLength, 0, 0, 0));
    }

    static long write(CallState state, int fd, long buffer, long byteLength) {
        return longResult(state, invoke(Transfers.WRITE, state, fd, buffer, byteLength, 0, 0, 0));
    }

    static long pread(CallState state, int fd, long buffer, long byteLength, long offset) {
        return longResult(state, invoke(Transfers.PREAD, state, fd, buffer, byteLength, offset, 0, 0));
    }

    private static final class Vectors {
        static final MethodHandle READV = link("readv");
        static final MethodHandle WRITEV = link("writev");
        static final MethodHandle PREADV2 = link("preadv2");
    }

    static long readv(CallState state, int fd, long iovec, int count) {
        return longResult(state, invoke(Vectors.READV, state, fd, iovec, count, 0, 0, 0));
    }

    /// From where the descriptor stands: offset -1.
    static long preadv2(CallState state, int fd, long iovec, int count, int flags) {
        return longResult(state, invoke(Vectors.PREADV2, state, fd, iovec, count, -1, flags, 0));
    }

    static long writev(CallState state, int fd, long iovec, int count) {
        return longResult(state, invoke(Vectors.WRITEV, state, fd, iovec, count, 0, 0, 0));
    }

    private static final class Disks {
        static final MethodHandle PREADV = link("preadv");
        static final MethodHandle PWRITEV = link("pwritev");
        static final MethodHandle FDATASYNC = link("fdatasync");
        static final MethodHandle LSEEK = link("lseek");
        static final MethodHandle FLOCK = link("flock");
        static final MethodHandle STATX = link("statx");
    }

    static int statx(CallState state, int fd, long path, int flags, int mask, long statxOut) {
        return intResult(state, invoke(Disks.STATX, state, fd, path, flags, mask, statxOut, 0));
    }

    static int flock(CallState state, int fd, int operation) {
        return intResult(state, invoke(Disks.FLOCK, state, fd, operation, 0, 0, 0, 0));
    }

    static long preadv(CallState state, int fd, long iovec, int count, long offset) {
        return longResult(state, invoke(Disks.PREADV, state, fd, iovec, count, offset, 0, 0));
    }

    static long pwritev(CallState state, int fd, long iovec, int count, long offset) {
        return longResult(state, invoke(Disks.PWRITEV, state, fd, iovec, count, offset, 0, 0));
    }

    static int fdatasync(CallState state, int fd) {
        return intResult(state, invoke(Disks.FDATASYNC, state, fd, 0, 0, 0, 0, 0));
    }

    static long lseek(CallState state, int fd, long offset, int whence) {
        return longResult(state, invoke(Disks.LSEEK, state, fd, offset, whence, 0, 0, 0));
    }

    /// What libc has no functions for. The numbers are those of `<asm/unistd_64.h>`.
    private static final class Calls {
        static final MethodHandle SYSCALL = link("syscall");
        static final int IO_SETUP = 206;
        static final int IO_DESTROY = 207;
        static final int IO_GETEVENTS = 208;
        static final int IO_SUBMIT = 209;
    }

    static int ioSetup(CallState state, int most, long contextOut) {
        return intResult(state, invoke(Calls.SYSCALL, state, Calls.IO_SETUP, most, contextOut, 0, 0, 0));
    }

    static int ioDestroy(CallState state, long context) {
        return intResult(state, invoke(Calls.SYSCALL, state, Calls.IO_DESTROY, context, 0, 0, 0, 0));
    }

    static int ioSubmit(CallState state, long context, int count, long iocbs) {
        return intResult(state, invoke(Calls.SYSCALL, state, Calls.IO_SUBMIT, context, count, iocbs, 0, 0));
    }

    static int ioGetEvents(CallState state, long context, int least, int most, long events, long timespec) {
        return intResult(state, invoke(Calls.SYSCALL, state, Calls.IO_GETEVENTS, context, least, most, events, timespec));
    }

    private static final class Memory {
        static final MethodHandle MEMFD_CREATE = link("memfd_create");
        static final MethodHandle FTRUNCATE = link("ftruncate");
        static final MethodHandle FCNTL = link("fcntl");
        static final MethodHandle MMAP = link("mmap");
        static final MethodHandle MUNMAP = link("munmap");
    }

    static int memfdCreate(CallState state, long name, int flags) {
        return intResult(state, invoke(Memory.MEMFD_CREATE, state, name, flags, 0, 0, 0, 0));
    }

    static int ftruncate(CallState state, int fd, long byteLength) {
        return intResult(state, invoke(Memory.FTRUNCATE, state, fd, byteLength, 0, 0, 0, 0));
    }

    static int fcntl(CallState state, int fd, int command, long argument) {
        return intResult(state, invoke(Memory.FCNTL, state, fd, command, argument, 0, 0, 0));
    }

    /// `address` may be 0 (anywhere).
    static long mmap(CallState state, long address, long byteLength, int protection, int flags, int fd, long offset) {
        return longResult(state, invoke(Memory.MMAP, state, address, byteLength, protection, flags, fd, offset));
    }

    static int munmap(CallState state, long address, long byteLength) {
        return intResult(state, invoke(Memory.MUNMAP, state, address, byteLength, 0, 0, 0, 0));
    }

    private static final class MemoryAdvice {
        static final MethodHandle MADVISE = link("madvise");
        static final MethodHandle MPROTECT = link("mprotect");
        static final MethodHandle FALLOCATE = link("fallocate");
    }

    static int madvise(CallState state, long address, long byteLength, int advice) {
        return intResult(state, invoke(MemoryAdvice.MADVISE, state, address, byteLength, advice, 0, 0, 0));
    }

    static int mprotect(CallState state, long address, long byteLength, int protection) {
        return intResult(state, invoke(MemoryAdvice.MPROTECT, state, address, byteLength, protection, 0, 0, 0));
    }

    static int fallocate(CallState state, int fd, int mode, long offset, long byteLength) {
        return intResult(state, invoke(MemoryAdvice.FALLOCATE, state, fd, mode, offset, byteLength, 0, 0));
    }

    private static final class Events {
        static final MethodHandle EVENTFD = link("eventfd");
        static final MethodHandle PPOLL = link("ppoll");
    }

    static int eventfd(CallState state, int initial, int flags) {
        return intResult(state, invoke(Events.EVENTFD, state, initial, flags, 0, 0, 0, 0));
    }

    /// `timespec` may be 0 (wait for ever). The signal mask stays as it is.
    static int ppoll(CallState state, long pollfds, int count, long timespec) {
        return intResult(state, invoke(Events.PPOLL, state, pollfds, count, timespec, 0, 0, 0));
    }

    private static final class Signals {
        static final MethodHandle PTHREAD_SIGMASK = link("pthread_sigmask");
        static final MethodHandle SIGNAL = link("signal");
        static final MethodHandle SIGTIMEDWAIT = link("sigtimedwait");
        static final MethodHandle TGKILL = link("tgkill");
        static final MethodHandle GETPID = link("getpid");
        static final MethodHandle GETTID = link("gettid");
    }

    /// Unlike its neighbours `pthread_sigmask` returns the error itself; it is negated here like all others.
    static int pthreadSigmask(CallState state, int how, long set) {
        return -(int) invoke(Signals.PTHREAD_SIGMASK, state, how, set, 0, 0, 0, 0);
    }

    /// `handler` may be 1, `SIG_IGN`.
    static int signal(CallState state, int signo, long handler) {
        return invoke(Signals.SIGNAL, state, signo, handler, 0, 0, 0, 0) == -1 ? -state.errno() : 0;
    }

    static int sigtimedwait(CallState state, long set, long timespec) {
        return intResult(state, invoke(Signals.SIGTIMEDWAIT, state, set, 0, timespec, 0, 0, 0));
    }

    static int tgkill(CallState state, int tgid, int tid, int signo) {
        return intResult(state, invoke(Signals.TGKILL, state, tgid, tid, signo, 0, 0, 0));
    }

    static int getpid(CallState state) {
        return (int) invoke(Signals.GETPID, state, 0, 0, 0, 0, 0, 0);
    }

    static int gettid(CallState state) {
        return (int) invoke(Signals.GETTID, state, 0, 0, 0, 0, 0, 0);
    }

    private static final class Messages {
        static final MethodHandle STRERROR = link("strerror");
    }

    /// The address of a constant string.
    static long strerror(CallState state, int errno) {
        return invoke(Messages.STRERROR, state, errno, 0, 0, 0, 0, 0);
    }

    /// The bytes of a C string that libc owns.
    @SuppressWarnings("restricted")
    static MemorySegment stringAt(long address) {
        return MemorySegment.ofAddress(address).reinterpret(MAX_STRING_BYTES);
    }

    private static final class Timers {
        static final MethodHandle TIMER_CREATE = link("timer_create");
        static final MethodHandle TIMER_SETTIME = link("timer_settime");
        static final MethodHandle TIMER_DELETE = link("timer_delete");
    }

    static int timerCreate(CallState state, int clock, long sigevent, long timerOut) {
        return intResult(state, invoke(Timers.TIMER_CREATE, state, clock, sigevent, timerOut, 0, 0, 0));
    }

    static int timerSettime(CallState state, long timer, int flags, long itimerspec) {
        return intResult(state, invoke(Timers.TIMER_SETTIME, state, timer, flags, itimerspec, 0, 0, 0));
    }

    static int timerDelete(CallState state, long timer) {
        return intResult(state, invoke(Timers.TIMER_DELETE, state, timer, 0, 0, 0, 0, 0));
    }
}
