package xenolith.backend.remote;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import xenolith.backend.LossMark;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.Mapping;
import xenolith.posix.Memfd;

/// A page of the machine's that a device's processes have, one after the other, for as long as the device is attached:
///
/// ```
/// 0  how many threads of the process work for the guest now
/// 4  whether the host has failed to store what one of the processes had accepted: 0 if not
/// ```
///
/// By memory: the first changes with every request, and whoever wants to know looks often; the second must stand there
/// before a process that is about to die does anything else.
final class StatusPage implements LossMark, AutoCloseable {
    private static final Logger LOG = System.getLogger(StatusPage.class.getName());
    private static final long BYTES = 4096;
    private static final long WORKING_AT = 0;
    private static final long LOST_AT = 4;
    /// What more threads than that would say makes no difference.
    private static final int MAX_WORKING = 64;
    private static final VarHandle WORD = JAVA_INT.varHandle().withInvokeExactBehavior();

    private final String name;
    /// Null at the device's end.
    private final Fd memfd;
    private final Mapping mapping;
    private final MemorySegment page;

    private StatusPage(String name, Fd memfd, Mapping mapping) {
        this.name = name;
        this.memfd = memfd;
        this.mapping = mapping;
        this.page = mapping.segment();
    }

    /// The machine's end.
    ///
    /// @param name the device's, for the log
    static StatusPage create(String name) {
        Fd memfd = Memfd.create("xenolith-status", BYTES);
        try {
            return new StatusPage(name, memfd, Mapping.shared(memfd, 0, BYTES, true));
        } catch (HostException e) {
            memfd.close();
            throw e;
        }
    }

    /// The device's end; `memfd` may be closed then.
    static StatusPage map(String name, Fd memfd) {
        return new StatusPage(name, null, Mapping.shared(memfd, 0, BYTES, true));
    }

    /// The machine's descriptor of it.
    int descriptor() {
        return memfd.raw();
    }

    /// The device's end: a thread begins to work, or goes to sleep. One may do so when the connection has ended.
    void working(boolean begins) {
        int more = begins ? 1 : -1;
        try {
            int _ = (int) WORD.getAndAdd(page, WORKING_AT, more);
        } catch (IllegalStateException _) {
            // Closed: nobody looks any more.
        }
    }

    /// The machine's end: how many work now. The other's word: what it may do is to make pollers rest. None once closed.
    int working() {
        try {
            return Math.clamp((int) WORD.getOpaque(page, WORKING_AT), 0, MAX_WORKING);
        } catch (IllegalStateException _) {
            return 0;
        }
    }

    /// The machine's end: none works yet in a new process, whatever the last one died of.
    void noneWorks() {
        WORD.setOpaque(page, WORKING_AT, 0);
    }

    @Override
    public boolean isSet() {
        try {
            return (int) WORD.getVolatile(page, LOST_AT) != 0;
        } catch (IllegalStateException _) {
            return false;
        }
    }

    @Override
    public void set() {
        try {
            if ((int) WORD.getAndSet(page, LOST_AT, 1) == 0) {
                LOG.log(Level.ERROR, "{0}: the host could not store what it had accepted; flushes fail until the disk "
                        + "is attached anew", name);
            }
        } catch (IllegalStateException _) {
            // The machine that the loss was of is gone.
        }
    }

    /// Closing again does nothing.
    @Override
    public synchronized void close() {
        if (page.scope().isAlive()) {
            mapping.close();
        }
        if (memfd != null) {
            memfd.close();
        }
    }
}
