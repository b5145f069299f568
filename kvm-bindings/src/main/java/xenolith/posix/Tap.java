package xenolith.posix;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// One queue of a TAP: a network interface of the host's whose wire is this descriptor (`<linux/if_tun.h>`).
///
/// Each frame that is read or written has a `struct virtio_net_hdr` of ten bytes before it. A TAP that was made for us
/// goes with its last descriptor; one that somebody made persistent stays. All methods may be called from any thread.
public final class Tap implements AutoCloseable {
    public static final int HEADER_BYTES = 10;
    /// The host may hand over frames whose checksum is still to be computed.
    public static final int TUN_F_CSUM = 0x01;
    /// The host may hand over TCP that is still to be cut into segments, of IPv4; of IPv6. Only with [#TUN_F_CSUM].
    public static final int TUN_F_TSO4 = 0x02;
    public static final int TUN_F_TSO6 = 0x04;

    private static final String DEVICE = "/dev/net/tun";
    private static final long TUNSETIFF = 0x400454ca;
    private static final long TUNSETOFFLOAD = 0x400454d0;
    private static final long TUNSETVNETHDRSZ = 0x400454d8;
    private static final long TUNSETCARRIER = 0x400454e2;
    private static final int IFF_TAP = 0x0002;
    private static final int IFF_MULTI_QUEUE = 0x0100;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_VNET_HDR = 0x4000;

    private final Fd fd;
    private final String name;
    private final boolean multiQueue;

    private Tap(Fd fd, String name, boolean multiQueue) {
        this.fd = fd;
        this.name = name;
        this.multiQueue = multiQueue;
    }

    /// Makes a TAP, or attaches to a persistent one that nobody uses. A persistent one may have been made for one queue
    /// or for several.
    ///
    /// @param name of at most [NetInterface#MAX_NAME_BYTES]; a `%d` in it becomes a number that is free
    /// @throws HostException naming what failed: the device, `TUNSETIFF`; of EBUSY where somebody uses it
    public static Tap open(String name) {
        try {
            Tap tap = attach(name, true);
            if (queueCount(Path.of("/sys/class/net", tap.name, "queues")) > 1) {
                // The kernel takes us for a further queue of whoever has it, and would deal frames to both.
                tap.close();
                throw new HostException("TUNSETIFF", Errno.EBUSY);
            }
            return tap;
        } catch (HostException e) {
            // What a TAP of one queue says to who comes for several.
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            return attach(name, false);
        }
    }

    /// The queues that somebody has open, by what sysfs has in an interface's folder; 0 where that cannot be seen.
    static int queueCount(Path queues) {
        String[] names = queues.toFile().list((_, name) -> name.startsWith("rx-"));
        return names == null ? 0 : names.length;
    }

    /// A further queue of the same TAP.
    public Tap another() {
        return attach(name, multiQueue);
    }

    private static Tap attach(String name, boolean multiQueue) {
        Fd fd = Fd.open(DEVICE, Fd.O_RDWR | Fd.O_NONBLOCK);
        try {
            CallState state = CallState.ofThread();
            MemorySegment request = NetInterface.request(state, name);
            request.set(ValueLayout.JAVA_SHORT, NetInterface.IFR_DATA,
                    (short) (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (multiQueue ? IFF_MULTI_QUEUE : 0)));
            HostException.check("TUNSETIFF", fd.ioctl(state, TUNSETIFF, request, NetInterface.IFREQ_BYTES));
            String given = request.getString(0, US_ASCII);
            request.set(ValueLayout.JAVA_INT, 0, HEADER_BYTES);
            HostException.check("TUNSETVNETHDRSZ", fd.ioctl(state, TUNSETVNETHDRSZ, request, Integer.BYTES));
            return new Tap(fd, given, multiQueue);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /// What the host calls it.
    public String name() {
        return name;
    }

    /// Whether it can have more than one queue.
    public boolean isMultiQueue() {
        return multiQueue;
    }

    /// Says which unfinished frames the host may hand over, for all queues: `TUN_F_` bits. What it takes needs no word.
    public void offload(int features) {
        HostException.check("TUNSETOFFLOAD", fd.ioctl(CallState.ofThread(), TUNSETOFFLOAD, features));
    }

    /// Plugs the wire in, or pulls it. Without it the host keeps no frames for us.
    public void carrier(boolean on) {
        CallState state = CallState.ofThread();
        state.scratch().set(ValueLayout.JAVA_INT, 0, on ? 1 : 0);
        HostException.check("TUNSETCARRIER", fd.ioctl(state, TUNSETCARRIER, state.scratch(), Integer.BYTES));
    }

    /// The next frame with its header, as [Fd#readv]: -EAGAIN if none waits.
    public long receive(Iovec into) {
        return fd.readv(into);
    }

    /// Sends a frame with its header, as [Fd#writev].
    public long send(Iovec frame) {
        return fd.writev(frame);
    }

    /// For [Poll].
    public int raw() {
        return fd.raw();
    }

    @Override
    public void close() {
        fd.close();
    }
}
