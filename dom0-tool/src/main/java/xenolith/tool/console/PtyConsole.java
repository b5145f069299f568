package xenolith.tool.console;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.posix.Poll;
import xenolith.posix.PseudoTerminal;

/// The console on a new pseudo-terminal, whose name goes to standard error: `screen /dev/pts/3` looks at it.
///
/// Nobody need look. A guest that prints spins until its ring has room, so what nobody reads is dropped: after waiting
/// once for a slow reader, without waiting while there is plainly none.
final class PtyConsole implements GuestConsole {
    private static final int BUFFER_BYTES = 2048;
    private static final long SLOW_READER_NS = 100_000_000;
    private static final long STOP_CHECK_NS = 200_000_000;

    private final PseudoTerminal pty;
    private final Poll readable = new Poll(1);
    private final Poll writable = new Poll(1);
    private final MemorySegment typed = Arena.ofAuto().allocate(BUFFER_BYTES);
    private final MemorySegment printed = Arena.ofAuto().allocate(BUFFER_BYTES);
    private boolean dropping;
    private volatile boolean closed;

    private PtyConsole(PseudoTerminal pty) {
        this.pty = pty;
        readable.add(pty.raw(), Poll.POLLIN);
        writable.add(pty.raw(), Poll.POLLOUT);
    }

    /// @param what is on it, for the line that names it
    static PtyConsole open(String what) {
        PtyConsole console = new PtyConsole(PseudoTerminal.open());
        System.err.println("xenolith: " + what + " is " + console.pty.name());
        return console;
    }

    /// The other end's file.
    @Override
    public String terminal() {
        return pty.name();
    }

    @Override
    public int read(byte[] into) {
        while (!closed) {
            readable.await(STOP_CHECK_NS);
            if (closed) {
                break;
            }
            long count = readOnce(into.length);
            if (count > 0) {
                MemorySegment.copy(typed, ValueLayout.JAVA_BYTE, 0, into, 0, (int) count);
                return (int) count;
            }
        }
        return -1;
    }

    /// A console closed under its reader reads as quiet: the loop above then sees why.
    private long readOnce(int capacity) {
        try {
            return pty.read(typed, Math.min(capacity, BUFFER_BYTES));
        } catch (HostException e) {
            if (closed) {
                return 0;
            }
            throw e;
        }
    }

    @Override
    public void write(byte[] from, int offset, int length) {
        int done = 0;
        while (done < length) {
            int count = Math.min(length - done, BUFFER_BYTES);
            MemorySegment.copy(from, offset + done, printed, ValueLayout.JAVA_BYTE, 0, count);
            long written = pty.write(printed, count);
            if (written > 0) {
                dropping = false;
                done += (int) written;
            } else if (dropping || written != -Errno.EAGAIN || writable.await(SLOW_READER_NS) == 0) {
                dropping = true;
                return;
            }
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            pty.close();
        }
    }
}
