package xenolith.backend.net.passt;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import xenolith.backend.ThreadEnd;
import xenolith.backend.net.FrameLink;
import xenolith.backend.net.FramePort;
import xenolith.posix.Epoll;
import xenolith.posix.Errno;
import xenolith.posix.EventFd;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;

/// Keeps a passt running for an interface, by a thread of its own that sleeps until the process ends.
///
/// While none runs, frames are dropped and none come. Before a new one is started there is a pause, twice as long every
/// time up to half a minute; after a process that has lived for a minute it is short again.
public final class PasstLink implements FrameLink {
    private static final Logger LOG = System.getLogger(PasstLink.class.getName());
    private static final long FIRST_PAUSE_MS = 500;
    private static final long MAX_PAUSE_MS = 30_000;
    private static final long NS_PER_MS = 1_000_000;
    private static final long LIVED_NS = 60_000_000_000L;
    private static final int MAX_SAID_LINES = 200;
    /// One that cannot do what its options say ends within a few milliseconds.
    private static final long START_NS = 100 * NS_PER_MS;

    private final String name;
    private final PasstCommand command;
    private final Consumer<String> log;
    private final Epoll ready = new Epoll(1);
    /// Wakes the keeper: the stream has broken, or all is to end.
    private final EventFd wake = EventFd.create();
    private Thread keeper;
    /// The current process's, or null.
    private volatile PasstStream stream;
    private volatile boolean closing;
    /// What it says before it is known to run, which else is the reason why it does not; null from then on.
    private List<String> early = new ArrayList<>();
    private int saidLines;

    private PasstLink(String name, PasstCommand command, Consumer<String> log) {
        this.name = name;
        this.command = command;
        this.log = log;
    }

    /// Starts the process.
    ///
    /// @param name of the interface, for the log
    /// @throws PasstException if it ends at once, or cannot be started
    public static PasstLink start(String name, PasstCommand command, Consumer<String> log) {
        return start(name, command, log, START_NS);
    }

    /// @param graceNs how soon an end counts as one at once; what ends later is said in the log
    static PasstLink start(String name, PasstCommand command, Consumer<String> log, long graceNs) {
        PasstLink link = new PasstLink(name, command, log);
        try {
            link.begin(graceNs);
            return link;
        } catch (HostException e) {
            link.giveBack();
            throw new PasstException(command.program() + " cannot be started: " + e.getMessage());
        } catch (RuntimeException | Error e) {
            link.giveBack();
            throw e;
        }
    }

    private void begin(long graceNs) {
        PasstProcess first = run();
        boolean runs;
        try {
            runs = !first.awaitEnd(wake, graceNs);
            if (runs) {
                List<String> said = early;
                early = null;
                said.forEach(this::says);
                keeper = Thread.ofPlatform().name("passt-" + name).daemon().start(() -> keep(first));
            }
        } catch (RuntimeException | Error e) {
            first.end();
            throw e;
        }
        if (!runs) {
            String ended = first.end();
            throw new PasstException(command.program() + " does not run: " + ended);
        }
    }

    private PasstProcess run() {
        PasstProcess started = PasstProcess.start(command, ready, this::says);
        stream = started.stream();
        return started;
    }

    /// A line of the process's own. A guest may be able to make it say more than anybody wants to read.
    private void says(String line) {
        if (early != null) {
            early.add(line);
        } else if (saidLines < MAX_SAID_LINES) {
            saidLines++;
            log.accept("passt of " + name + ": " + line + (saidLines == MAX_SAID_LINES ? " (it is not quoted any more)" : ""));
        }
    }

    private void keep(PasstProcess first) {
        PasstProcess process = first;
        long pauseMs = FIRST_PAUSE_MS;
        while (true) {
            long startedNs = System.nanoTime();
            String ended = process == null ? null : awaitEnd(process);
            if (closing) {
                return;
            }
            if (ended != null) {
                pauseMs = System.nanoTime() - startedNs > LIVED_NS ? FIRST_PAUSE_MS : pauseMs;
                tellDown(ended + "; it is started again in " + pauseMs + " ms");
            }
            pause(pauseMs);
            if (closing) {
                return;
            }
            pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2);
            process = tryToRun();
        }
    }

    /// Until the process has ended, its stream has broken, or all is to end; in each case it is gone then.
    private String awaitEnd(PasstProcess process) {
        String fault = "";
        String ended;
        try {
            while (!process.awaitEnd(wake, -1)) {
                wake.drain();
                if (closing || stream != process.stream()) {
                    break;
                }
            }
        } catch (RuntimeException e) {
            // The host cannot wait just now, or the log takes nothing. Another may fare better; without a keeper none comes.
            fault = "a fault of ours: " + e + "; ";
        } finally {
            stream = null;
            ended = process.end();
        }
        return fault + ended;
    }

    private PasstProcess tryToRun() {
        try {
            return run();
        } catch (RuntimeException e) {
            tellDown(command.program() + " cannot be started: " + e.getMessage());
            return null;
        }
    }

    private void tellDown(String reason) {
        String line = "the network of " + name + " is down: " + reason;
        try {
            log.accept(line);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, line, e);
        }
    }

    private void pause(long ms) {
        long untilNs = System.nanoTime() + ms * NS_PER_MS;
        for (long leftNs = ms * NS_PER_MS; leftNs > 0; leftNs = untilNs - System.nanoTime()) {
            // In this order: whoever closes it sets the one before he signals the other.
            wake.drain();
            if (closing) {
                return;
            }
            wake.await(leftNs);
        }
    }

    int send(Iovec frame) {
        PasstStream now = stream;
        if (now == null) {
            return 0;
        }
        int rc = now.send(frame);
        if (rc == 0 || rc == -Errno.EAGAIN || rc == -Errno.EINVAL) {
            return rc;
        }
        broken(now);
        return 0;
    }

    int receive(Iovec into) {
        PasstStream now = stream;
        int rc = now == null ? -Errno.EAGAIN : now.receive(into);
        if (rc >= 0 || rc == -Errno.EAGAIN) {
            return rc;
        }
        broken(now);
        return -Errno.EAGAIN;
    }

    /// The keeper ends the process, which may not have seen it.
    private void broken(PasstStream ended) {
        if (stream == ended) {
            stream = null;
        }
        ended.close();
        wake.signal();
    }

    int descriptor() {
        return ready.raw();
    }

    @Override
    public int maxQueues() {
        return 1;
    }

    @Override
    public FramePort open(int queue) {
        return new PasstPort(this);
    }

    /// Checksums are finished here; passt takes segments uncut, since it passes on their bytes.
    @Override
    public boolean takesOffloads() {
        return true;
    }

    @Override
    public int maxFrameBytes() {
        return PasstStream.MAX_FRAME_BYTES;
    }

    @Override
    public void close() {
        closing = true;
        wake.signal();
        // Until its end it uses what is given back.
        ThreadEnd.await(keeper);
        giveBack();
    }

    private void giveBack() {
        ready.close();
        wake.close();
    }
}
