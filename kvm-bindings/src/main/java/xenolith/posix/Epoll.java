package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/// A set of descriptors that is itself a descriptor, readable when one of them is ready: epoll(7), level-triggered.
///
/// [#await] belongs to one thread; the set may be changed by any. A descriptor leaves the set when it is closed.
public final class Epoll implements AutoCloseable {
    public static final int EPOLLIN = 0x001;
    public static final int EPOLLOUT = 0x004;
    /// Reported without being asked for.
    public static final int EPOLLERR = 0x008;
    /// Likewise.
    public static final int EPOLLHUP = 0x010;

    static final int EPOLL_CTL_ADD = 1;
    static final int EPOLL_CTL_MOD = 3;
    private static final int EPOLL_CLOEXEC = 0x80000;

    /// `struct epoll_event` of `<sys/epoll.h>`, which is packed on x86-64.
    static final StructLayout EVENT = MemoryLayout.structLayout(
            ValueLayout.JAVA_INT_UNALIGNED.withName("events"),
            ValueLayout.JAVA_LONG_UNALIGNED.withName("data")).withName("epoll_event");
    private static final long EVENT_BYTES = EVENT.byteSize();
    private static final long EVENTS = EVENT.byteOffset(PathElement.groupElement("events"));
    private static final long DATA = EVENT.byteOffset(PathElement.groupElement("data"));
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private final CallState state = new CallState();
    private final Fd fd;
    private final MemorySegment ready;
    private final int capacity;

    /// @param capacity how many that are ready one [#await] tells of
    public Epoll(int capacity) {
        this.capacity = capacity;
        this.ready = Arena.ofAuto().allocate(EVENT_BYTES * capacity, Integer.BYTES);
        this.fd = new Fd(HostException.check("epoll_create1", LibcSockets.epollCreate(state, EPOLL_CLOEXEC)));
    }

    /// The set's own descriptor, for [Poll].
    public int raw() {
        return fd.raw();
    }

    /// Adds a descriptor; `data` is what [#data] will say of it.
    public void add(int descriptor, int events, long data) {
        control(EPOLL_CTL_ADD, descriptor, events, data);
    }

    /// Changes what is waited for.
    public void change(int descriptor, int events, long data) {
        control(EPOLL_CTL_MOD, descriptor, events, data);
    }

    private void control(int operation, int descriptor, int events, long data) {
        CallState own = CallState.ofThread();
        MemorySegment event = own.scratch();
        event.set(INT, EVENTS, events);
        event.set(LONG, DATA, data);
        HostException.check("epoll_ctl", LibcSockets.epollCtl(own, raw(), operation, descriptor, event.address()));
    }

    /// Looks, or waits up to `timeoutMs` (-1 for ever), for some that are ready. Returns how many; 0 may come early.
    public int await(int timeoutMs) {
        int count = LibcSockets.epollWait(state, raw(), ready.address(), capacity, timeoutMs);
        return count == -Errno.EINTR ? 0 : HostException.check("epoll_wait", count);
    }

    /// What the `index`th that is ready is ready for.
    public int events(int index) {
        return ready.get(INT, index * EVENT_BYTES + EVENTS);
    }

    /// What [#add] was told of it.
    public long data(int index) {
        return ready.get(LONG, index * EVENT_BYTES + DATA);
    }

    @Override
    public void close() {
        fd.close();
    }
}
