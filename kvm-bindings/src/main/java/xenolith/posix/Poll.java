package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/// Waits for one of several descriptors: ppoll(2) over an array that is kept between calls.
///
/// A `Poll` belongs to one thread. The descriptors stay the caller's, who keeps them open.
public final class Poll {
    public static final short POLLIN = 0x001;
    public static final short POLLOUT = 0x004;
    public static final short POLLERR = 0x008;
    public static final short POLLHUP = 0x010;
    public static final short POLLNVAL = 0x020;

    static final StructLayout POLLFD = MemoryLayout.structLayout(
            ValueLayout.JAVA_INT.withName("fd"),
            ValueLayout.JAVA_SHORT.withName("events"),
            ValueLayout.JAVA_SHORT.withName("revents")).withName("pollfd");

    private static final long FD = POLLFD.byteOffset(PathElement.groupElement("fd"));
    private static final long EVENTS = POLLFD.byteOffset(PathElement.groupElement("events"));
    private static final long REVENTS = POLLFD.byteOffset(PathElement.groupElement("revents"));
    private static final long SIZEOF = POLLFD.byteSize();

    private final CallState state = new CallState();
    private final MemorySegment pollfds;
    private final int capacity;
    private int size;

    public Poll(int capacity) {
        this.capacity = capacity;
        this.pollfds = Arena.ofAuto().allocate(SIZEOF * capacity, POLLFD.byteAlignment());
    }

    /// Writes one `pollfd` at the start of `segment`.
    static void setPollfd(MemorySegment segment, int fd, short events) {
        segment.set(ValueLayout.JAVA_INT, FD, fd);
        segment.set(ValueLayout.JAVA_SHORT, EVENTS, events);
        segment.set(ValueLayout.JAVA_SHORT, REVENTS, (short) 0);
    }

    /// Adds a descriptor and returns its index. A negative `fd` is skipped by the kernel.
    public int add(int fd, short events) {
        if (size == capacity) {
            throw new IllegalStateException("poll set is full: capacity=" + capacity);
        }
        int index = size++;
        setPollfd(pollfds.asSlice(index * SIZEOF, SIZEOF), fd, events);
        return index;
    }

    /// Changes what entry `index` waits for.
    public void events(int index, short events) {
        pollfds.set(ValueLayout.JAVA_SHORT, index * SIZEOF + EVENTS, events);
        pollfds.set(ValueLayout.JAVA_SHORT, index * SIZEOF + REVENTS, (short) 0);
    }

    /// Forgets all descriptors.
    public void clear() {
        size = 0;
    }

    /// Waits until a descriptor is ready or `timeoutNs` has passed; a negative timeout waits for ever. Returns how
    /// many are ready. 0 may come early, when a signal interrupted the wait: callers loop on their own condition.
    public int await(long timeoutNs) {
        long timespec = 0;
        if (timeoutNs >= 0) {
            Timespec.set(state.scratch(), 0, timeoutNs);
            timespec = state.scratch().address();
        }
        int ready = Libc.ppoll(state, pollfds.address(), size, timespec);
        Reference.reachabilityFence(pollfds);
        return ready == -Errno.EINTR ? 0 : HostException.check("ppoll", ready);
    }

    /// What happened to entry `index` in the last [#await] that returned more than 0.
    public short revents(int index) {
        return pollfds.get(ValueLayout.JAVA_SHORT, index * SIZEOF + REVENTS);
    }
}
