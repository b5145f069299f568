package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/// Where the linker puts `errno` after a call, and a little native memory for the call's arguments.
///
/// One thread at a time may use a state: a second thread's call would overwrite the first one's `errno`. Objects
/// that belong to one thread own theirs; all others take the thread's own by [#ofThread].
public final class CallState {
    /// Enough for the largest small argument block (a `sigset_t`, 128 bytes, and a `sigevent`, 64).
    static final long SCRATCH_BYTES = 256;

    private static final StructLayout LAYOUT = Linker.Option.captureStateLayout();
    private static final long ERRNO = LAYOUT.byteOffset(PathElement.groupElement("errno"));
    private static final ThreadLocal<CallState> OF_THREAD = ThreadLocal.withInitial(CallState::new);

    private final MemorySegment capture;
    private final MemorySegment scratch;

    /// Allocates memory that the garbage collector frees: closing a shared arena would stop every thread.
    public CallState() {
        Arena arena = Arena.ofAuto();
        capture = arena.allocate(LAYOUT);
        scratch = arena.allocate(SCRATCH_BYTES, 16);
    }

    /// The calling thread's own state. Do not hand it to another thread.
    public static CallState ofThread() {
        return OF_THREAD.get();
    }

    MemorySegment capture() {
        return capture;
    }

    /// 256 bytes, aligned to 16, for an argument block of one call. Contents do not outlive the call. A call that is
    /// given this state keeps the bytes alive by itself: they share an arena with the captured `errno`.
    public MemorySegment scratch() {
        return scratch;
    }

    int errno() {
        return capture.get(ValueLayout.JAVA_INT, ERRNO);
    }
}
