package xenolith.posix;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// A network interface of the host's, to be set up: `struct ifreq` of `<net/if.h>` and the calls of
/// `<linux/sockios.h>` (netdevice(7)). Each method throws [HostException] that names the call.
public final class NetInterface {
    /// `IFNAMSIZ` less the zero at the end.
    public static final int MAX_NAME_BYTES = 15;
    public static final int MAC_BYTES = 6;

    static final long IFREQ_BYTES = 40;
    static final long IFR_DATA = 16;

    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int ARPHRD_ETHER = 1;
    private static final short IFF_UP = 1;
    private static final long SIOCGIFFLAGS = 0x8913;
    private static final long SIOCSIFFLAGS = 0x8914;
    private static final long SIOCSIFADDR = 0x8916;
    private static final long SIOCSIFNETMASK = 0x891c;
    private static final long SIOCGIFMTU = 0x8921;
    private static final long SIOCSIFMTU = 0x8922;
    private static final long SIOCSIFHWADDR = 0x8924;
    private static final long SIOCGIFINDEX = 0x8933;
    private static final long SIOCBRADDIF = 0x89a2;
    /// `struct sockaddr_in`: its port, then its address.
    private static final long SIN_ADDR = IFR_DATA + 4;
    /// `struct sockaddr`: the family, then the bytes.
    private static final long SA_DATA = IFR_DATA + 2;

    private final String name;

    /// @param name which need not exist yet
    public NetInterface(String name) {
        this.name = name;
    }

    /// An `ifreq` with its name, in the memory of `state`. Throws [IllegalArgumentException] for what is no name.
    static MemorySegment request(CallState state, String name) {
        byte[] bytes = name.getBytes(US_ASCII);
        if (bytes.length == 0 || bytes.length > MAX_NAME_BYTES) {
            throw new IllegalArgumentException("name=" + name);
        }
        MemorySegment request = state.scratch();
        request.asSlice(0, IFREQ_BYTES).fill((byte) 0);
        MemorySegment.copy(bytes, 0, request, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return request;
    }

    /// Fills a request or reads its answer.
    private interface Part {
        void on(MemorySegment request);
    }

    private static final Part NOTHING = _ -> {
    };

    private int call(String call, long number, Part fill, Part read) {
        CallState state = CallState.ofThread();
        Fd socket = new Fd(HostException.check("socket",
                LibcSockets.socket(state, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC)));
        try (socket) {
            MemorySegment request = request(state, name);
            fill.on(request);
            int result = socket.ioctl(state, number, request, IFREQ_BYTES);
            if (result >= 0) {
                read.on(request);
            }
            return call == null ? result : HostException.check(call + ' ' + name, result);
        }
    }

    private void set(String call, long number, Part fill) {
        call(call, number, fill, NOTHING);
    }

    private int get(String call, long number) {
        int[] value = new int[1];
        call(call, number, NOTHING, request -> value[0] = request.get(ValueLayout.JAVA_INT, IFR_DATA));
        return value[0];
    }

    public boolean exists() {
        return call(null, SIOCGIFINDEX, NOTHING, NOTHING) >= 0;
    }

    public int index() {
        return get("SIOCGIFINDEX", SIOCGIFINDEX);
    }

    public boolean isUp() {
        return (get("SIOCGIFFLAGS", SIOCGIFFLAGS) & IFF_UP) != 0;
    }

    /// Brings it up or down.
    public void up(boolean up) {
        int flags = get("SIOCGIFFLAGS", SIOCGIFFLAGS);
        set("SIOCSIFFLAGS", SIOCSIFFLAGS, request -> request.set(ValueLayout.JAVA_SHORT, IFR_DATA,
                (short) (up ? flags | IFF_UP : flags & ~IFF_UP)));
    }

    public int mtu() {
        return get("SIOCGIFMTU", SIOCGIFMTU);
    }

    /// The most bytes of a frame behind its Ethernet header.
    public void mtu(int bytes) {
        set("SIOCSIFMTU", SIOCSIFMTU, request -> request.set(ValueLayout.JAVA_INT, IFR_DATA, bytes));
    }

    public void mac(byte[] mac) {
        byte[] six = Arrays.copyOf(mac, MAC_BYTES);
        set("SIOCSIFHWADDR", SIOCSIFHWADDR, request -> {
            request.set(ValueLayout.JAVA_SHORT, IFR_DATA, (short) ARPHRD_ETHER);
            MemorySegment.copy(six, 0, request, ValueLayout.JAVA_BYTE, SA_DATA, MAC_BYTES);
        });
    }

    /// Its IPv4 address and the length of the network's prefix.
    public void address(byte[] ipv4, int prefixLength) {
        set("SIOCSIFADDR", SIOCSIFADDR, request -> address(request, ipv4));
        int mask = prefixLength == 0 ? 0 : -1 << Integer.SIZE - prefixLength;
        byte[] bytes = {(byte) (mask >> 24), (byte) (mask >> 16), (byte) (mask >> 8), (byte) mask};
        set("SIOCSIFNETMASK", SIOCSIFNETMASK, request -> address(request, bytes));
    }

    private static void address(MemorySegment request, byte[] ipv4) {
        request.set(ValueLayout.JAVA_SHORT, IFR_DATA, (short) AF_INET);
        MemorySegment.copy(ipv4, 0, request, ValueLayout.JAVA_BYTE, SIN_ADDR, Integer.BYTES);
    }

    /// Makes `member` a port of this bridge.
    public void addPort(NetInterface member) {
        int index = member.index();
        set("SIOCBRADDIF", SIOCBRADDIF, request -> request.set(ValueLayout.JAVA_INT, IFR_DATA, index));
    }
}
