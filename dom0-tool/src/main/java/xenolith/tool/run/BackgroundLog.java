package xenolith.tool.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Set;
import xenolith.vmm.control.DomainLog;

/// The hypervisor's words and the guest's early ones, written by a thread of their own: whoever logs holds the domain's
/// lock, and standard error may be a pipe that nobody reads.
///
/// While the other end keeps pace nothing is lost: who finds the buffer full waits. After a second without progress what
/// does not fit is dropped, until there is room again; then a line says how much it was.
final class BackgroundLog implements DomainLog, AutoCloseable {
    private static final int CAPACITY = 1 << 18;
    private static final long SLOW_READER_NS = 1_000_000_000;
    private static final long LAST_PATIENCE_MS = 5_000;
    private static final long NS_PER_MS = 1_000_000;

    private final OutputStream out;
    private final Set<xenolith.tool.run.Trace> traces;
    private final Thread writer = new Thread(this::write, "log");
    /// All below are guarded by this object's monitor.
    private byte[] waiting = new byte[CAPACITY];
    private byte[] writing = new byte[CAPACITY];
    private int count;
    private boolean dropping;
    private long droppedBytes;
    private boolean closing;

    private BackgroundLog(OutputStream out, Set<xenolith.tool.run.Trace> traces) {
        this.out = out;
        this.traces = traces;
        writer.setDaemon(true);
    }

    /// A log that goes to `out`, which stays open.
    static BackgroundLog to(OutputStream out, Set<xenolith.tool.run.Trace> traces) {
        BackgroundLog log = new BackgroundLog(out, traces);
        log.writer.start();
        return log;
    }

    @Override
    public void line(String text) {
        byte[] bytes = ("xenolith: " + text + '\n').getBytes(UTF_8);
        put(bytes, bytes.length);
    }

    @Override
    public void guestOutput(byte[] bytes, int byteLength) {
        put(bytes, byteLength);
    }

    @Override
    public boolean traces(Trace kind) {
        return switch (kind) {
            case HYPERCALLS -> traces.contains(xenolith.tool.run.Trace.HYPERCALLS);
            case EXITS -> traces.contains(xenolith.tool.run.Trace.EXITS);
            case FAULTS -> traces.contains(xenolith.tool.run.Trace.FAULTS);
            case REFUSALS -> traces.contains(xenolith.tool.run.Trace.REFUSALS);
        };
    }

    private synchronized void put(byte[] bytes, int byteLength) {
        int length = Math.min(byteLength, CAPACITY);
        if (!dropping && count + length > CAPACITY) {
            dropping = !awaitRoom(length);
        }
        if (dropping && count + length > CAPACITY) {
            droppedBytes += length;
            return;
        }
        System.arraycopy(bytes, 0, waiting, count, length);
        count += length;
        notifyAll();
    }

    private boolean awaitRoom(int length) {
        long deadline = System.nanoTime() + SLOW_READER_NS;
        boolean interrupted = false;
        while (count + length > CAPACITY && System.nanoTime() < deadline) {
            try {
                wait(Math.max(1, (deadline - System.nanoTime()) / NS_PER_MS));
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return count + length <= CAPACITY;
    }

    private void write() {
        try {
            for (int length = take(); length > 0; length = take()) {
                out.write(writing, 0, length);
                out.flush();
            }
        } catch (IOException _) {
            // Nobody reads any more: from now on all is dropped.
        }
    }

    /// Waits for bytes and takes them all. Returns 0 at the end.
    private synchronized int take() {
        while (count == 0 && !closing) {
            try {
                wait();
            } catch (InterruptedException _) {
                // Nobody asks this thread to end so.
            }
        }
        byte[] full = waiting;
        int length = count;
        waiting = writing;
        writing = full;
        count = 0;
        if (dropping) {
            byte[] note = ("xenolith: " + droppedBytes + " bytes of the log were lost: nobody read them\n").getBytes(UTF_8);
            System.arraycopy(note, 0, waiting, 0, note.length);
            count = note.length;
            dropping = false;
            droppedBytes = 0;
        }
        notifyAll();
        return length;
    }

    /// Waits until all is written, but not long for a reader that reads nothing.
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
            notifyAll();
        }
        try {
            writer.join(LAST_PATIENCE_MS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
