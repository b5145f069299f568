package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/// Reads and writes of files that the host does while the caller goes on (`io_submit(2)`, `<linux/aio_abi.h>`).
///
/// The host does so for files opened with [Fd#O_DIRECT]; for others [#submit] itself waits until all is done. When the
/// process ends, however it does, the kernel waits for what is under way before it takes the process's memory apart.
///
/// Each transfer has a number, its slot. What it moves, the [Iovec] and the memory that it names, stays as it is until the
/// transfer is over. For one thread, but for [#wake]; allocates nothing after it is made.
public final class AsyncIo implements AutoCloseable {
    private static final StructLayout IOCB = MemoryLayout.structLayout(
            ValueLayout.JAVA_LONG.withName("aio_data"),
            ValueLayout.JAVA_INT.withName("aio_key"),
            ValueLayout.JAVA_INT.withName("aio_rw_flags"),
            ValueLayout.JAVA_SHORT.withName("aio_lio_opcode"),
            ValueLayout.JAVA_SHORT.withName("aio_reqprio"),
            ValueLayout.JAVA_INT.withName("aio_fildes"),
            ValueLayout.JAVA_LONG.withName("aio_buf"),
            ValueLayout.JAVA_LONG.withName("aio_nbytes"),
            ValueLayout.JAVA_LONG.withName("aio_offset"),
            ValueLayout.JAVA_LONG.withName("aio_reserved2"),
            ValueLayout.JAVA_INT.withName("aio_flags"),
            ValueLayout.JAVA_INT.withName("aio_resfd")).withName("iocb");
    private static final long AIO_DATA = offset(IOCB, "aio_data");
    private static final long AIO_LIO_OPCODE = offset(IOCB, "aio_lio_opcode");
    private static final long AIO_FILDES = offset(IOCB, "aio_fildes");
    private static final long AIO_BUF = offset(IOCB, "aio_buf");
    private static final long AIO_NBYTES = offset(IOCB, "aio_nbytes");
    private static final long AIO_OFFSET = offset(IOCB, "aio_offset");
    private static final long AIO_FLAGS = offset(IOCB, "aio_flags");
    private static final long AIO_RESFD = offset(IOCB, "aio_resfd");
    private static final short IOCB_CMD_PREADV = 7;
    private static final short IOCB_CMD_PWRITEV = 8;
    private static final int IOCB_FLAG_RESFD = 1;

    private static final StructLayout IO_EVENT = MemoryLayout.structLayout(
            ValueLayout.JAVA_LONG.withName("data"), ValueLayout.JAVA_LONG.withName("obj"),
            ValueLayout.JAVA_LONG.withName("res"), ValueLayout.JAVA_LONG.withName("res2")).withName("io_event");
    private static final long DATA = offset(IO_EVENT, "data");
    private static final long RES = offset(IO_EVENT, "res");

    private final CallState state = new CallState();
    private final EventFd ready;
    private final long context;
    private final int most;
    private final MemorySegment iocbs;
    /// Addresses of iocbs, for one call.
    private final MemorySegment batch;
    private final MemorySegment events;
    private final Poll poll = new Poll(2);
    private int batched;

    private AsyncIo(EventFd ready, long context, int most) {
        this.ready = ready;
        this.context = context;
        this.most = most;
        Arena arena = Arena.ofAuto();
        this.iocbs = arena.allocate(IOCB, most);
        this.batch = arena.allocate(ValueLayout.JAVA_LONG, most);
        this.events = arena.allocate(IO_EVENT, most);
    }

    private static long offset(StructLayout layout, String field) {
        return layout.byteOffset(PathElement.groupElement(field));
    }

    /// Room for `most` transfers at once, in slots 0 and on.
    ///
    /// @throws HostException if the host has none: `ENOSYS`, `EPERM` where it is forbidden, `EAGAIN` where all processes
    ///     together have as many as `fs.aio-max-nr`
    public static AsyncIo open(int most) {
        EventFd ready = EventFd.create();
        try {
            CallState state = CallState.ofThread();
            MemorySegment context = state.scratch();
            context.set(ValueLayout.JAVA_LONG, 0, 0L);
            HostException.check("io_setup", Libc.ioSetup(state, most, context.address()));
            return new AsyncIo(ready, context.get(ValueLayout.JAVA_LONG, 0), most);
        } catch (HostException e) {
            ready.close();
            throw e;
        }
    }

    /// Makes a transfer ready, which begins with [#submit].
    public void prepare(int slot, Fd fd, boolean write, Iovec pieces, long offset) {
        if (!write && pieces.isReadOnly()) {
            throw new IllegalArgumentException("a piece is read-only");
        }
        long at = slot * IOCB.byteSize();
        iocbs.set(ValueLayout.JAVA_LONG, at + AIO_DATA, slot);
        iocbs.set(ValueLayout.JAVA_SHORT, at + AIO_LIO_OPCODE, write ? IOCB_CMD_PWRITEV : IOCB_CMD_PREADV);
        iocbs.set(ValueLayout.JAVA_INT, at + AIO_FILDES, fd.raw());
        iocbs.set(ValueLayout.JAVA_LONG, at + AIO_BUF, pieces.address());
        iocbs.set(ValueLayout.JAVA_LONG, at + AIO_NBYTES, pieces.count());
        iocbs.set(ValueLayout.JAVA_LONG, at + AIO_OFFSET, offset);
        iocbs.set(ValueLayout.JAVA_INT, at + AIO_FLAGS, IOCB_FLAG_RESFD);
        iocbs.set(ValueLayout.JAVA_INT, at + AIO_RESFD, ready.raw());
        batch.setAtIndex(ValueLayout.JAVA_LONG, batched++, iocbs.address() + at);
    }

    /// How many transfers are ready and not begun.
    public int prepared() {
        return batched;
    }

    /// The slot of the first of them.
    public int firstPrepared() {
        return (int) ((batch.getAtIndex(ValueLayout.JAVA_LONG, 0) - iocbs.address()) / IOCB.byteSize());
    }

    /// Begins what is ready, in its order. Returns how many were begun, which may be fewer: then the first of the others is
    /// what the host stopped at, and the next call tells why. Returns `-errno` if it is the first of all that the host does
    /// not begin.
    public int submit() {
        if (batched == 0) {
            return 0;
        }
        int begun = Libc.ioSubmit(state, context, batched, batch.address());
        Reference.reachabilityFence(iocbs);
        if (begun > 0) {
            drop(begun);
        }
        return begun;
    }

    /// Forgets the first `count` that are ready.
    public void drop(int count) {
        MemorySegment.copy(batch, (long) count * Long.BYTES, batch, 0, (long) (batched - count) * Long.BYTES);
        batched -= count;
    }

    /// Waits until `least` transfers are over or the time has passed, and takes what is over: [#slot] and [#result] tell.
    /// Returns how many, which may be fewer than `least` too when a signal came.
    public int take(int least, long timeoutNs) {
        Timespec.set(state.scratch(), 0, timeoutNs);
        int count = Libc.ioGetEvents(state, context, Math.min(least, most), most, events.address(), state.scratch().address());
        Reference.reachabilityFence(events);
        return count == -Errno.EINTR ? 0 : HostException.check("io_getevents", count);
    }

    /// Which transfer is the `i`-th of those taken last.
    public int slot(int i) {
        return (int) events.get(ValueLayout.JAVA_LONG, i * IO_EVENT.byteSize() + DATA);
    }

    /// How many bytes it moved, or `-errno`.
    public long result(int i) {
        return events.get(ValueLayout.JAVA_LONG, i * IO_EVENT.byteSize() + RES);
    }

    /// Forgets all wakes, and all ends of transfers, until now. Who looks for those after this call and finds none may
    /// [#sleep].
    public void prepareToSleep() {
        ready.drain();
    }

    /// Waits until a transfer is over or somebody wakes it, since [#prepareToSleep], or until `descriptor` can be read
    /// (-1: there is none). May end early.
    public void sleep(int descriptor) {
        poll.clear();
        poll.add(ready.raw(), Poll.POLLIN);
        poll.add(descriptor, Poll.POLLIN);
        poll.await(-1);
    }

    /// Ends [#sleep], the present one or the next. For any thread.
    public void wake() {
        ready.signal();
    }

    /// Waits for what is under way, and lets go of all.
    @Override
    public void close() {
        Libc.ioDestroy(state, context);
        ready.close();
    }
}
