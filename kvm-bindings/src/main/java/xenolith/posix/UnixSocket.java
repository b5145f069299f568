package xenolith.posix;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.List;

/// A socket of the host's own (`unix(7)`) that moves messages gathered from pieces of memory. No call on it waits, and a
/// peer that is gone is an error of the call, never a signal.
///
/// [#send] and [#receive] may run at the same time, each for one thread. A thread that closes it must know that no other
/// one is in a call.
public final class UnixSocket implements AutoCloseable {
    /// `sun_path` of `<sys/un.h>` without its zero.
    public static final int MAX_PATH_BYTES = 107;

    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_SEQPACKET = 5;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUF = 7;
    private static final int SO_PEERCRED = 17;
    private static final int SO_PASSRIGHTS = 83;
    private static final int SHUT_RD = 0;
    private static final int SHUT_RDWR = 2;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int FAMILY_BYTES = 2;

    static final StructLayout MSGHDR = MemoryLayout.structLayout(
            ValueLayout.JAVA_LONG.withName("msg_name"),
            ValueLayout.JAVA_INT.withName("msg_namelen"), MemoryLayout.paddingLayout(4),
            ValueLayout.JAVA_LONG.withName("msg_iov"),
            ValueLayout.JAVA_LONG.withName("msg_iovlen"),
            ValueLayout.JAVA_LONG.withName("msg_control"),
            ValueLayout.JAVA_LONG.withName("msg_controllen"),
            ValueLayout.JAVA_INT.withName("msg_flags"), MemoryLayout.paddingLayout(4)).withName("msghdr");
    private static final long IOV = MSGHDR.byteOffset(PathElement.groupElement("msg_iov"));
    private static final long IOVLEN = MSGHDR.byteOffset(PathElement.groupElement("msg_iovlen"));
    private static final long CONTROL = MSGHDR.byteOffset(PathElement.groupElement("msg_control"));
    private static final long CONTROLLEN = MSGHDR.byteOffset(PathElement.groupElement("msg_controllen"));

    static final StructLayout UCRED = MemoryLayout.structLayout(
            ValueLayout.JAVA_INT.withName("pid"),
            ValueLayout.JAVA_INT.withName("uid"),
            ValueLayout.JAVA_INT.withName("gid")).withName("ucred");
    private static final long PID = UCRED.byteOffset(PathElement.groupElement("pid"));
    private static final long UID = UCRED.byteOffset(PathElement.groupElement("uid"));

    /// The two ends of a pair.
    public record Pair(UnixSocket first, UnixSocket second) implements AutoCloseable {
        @Override
        public void close() {
            first.close();
            second.close();
        }
    }

    private final Fd fd;
    private final Direction sending = new Direction();
    private final Direction receiving = new Direction();

    private UnixSocket(Fd fd) {
        this.fd = fd;
    }

    /// Takes ownership of a descriptor that another process made and sent.
    public static UnixSocket of(Fd fd) {
        return new UnixSocket(fd);
    }

    /// What one call at a time needs; the rest of the header stays zero.
    private static final class Direction {
        private final CallState state = new CallState();
        private final MemorySegment header = Arena.ofAuto().allocate(MSGHDR);
        private final SentDescriptors control = new SentDescriptors();

        long headerFor(Iovec pieces, long controlBytes) {
            header.set(ValueLayout.JAVA_LONG, CONTROL, controlBytes == 0 ? 0 : control.address());
            header.set(ValueLayout.JAVA_LONG, CONTROLLEN, controlBytes);
            header.set(ValueLayout.JAVA_LONG, IOV, pieces.address());
            header.set(ValueLayout.JAVA_LONG, IOVLEN, pieces.count());
            return header.address();
        }
    }

    /// Makes a file, which must not exist, at which others connect for messages that keep their bounds (`SOCK_SEQPACKET`).
    public static UnixSocket listen(String path, int backlog) {
        UnixSocket socket = open(SOCK_SEQPACKET);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = address(arena, path);
            CallState state = CallState.ofThread();
            HostException.check(path, LibcSockets.bind(state, socket.raw(), address.address(), (int) address.byteSize()));
            HostException.check(path, LibcSockets.listen(state, socket.raw(), backlog));
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /// Connects to what [#listen] made. Throws [HostException], of ECONNREFUSED where nobody listens any more and of
    /// EAGAIN where too many wait to be accepted. Where the host can, descriptors are refused ([#refuseDescriptors]).
    public static UnixSocket connect(String path) {
        UnixSocket socket = open(SOCK_SEQPACKET);
        socket.refuseDescriptors();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = address(arena, path);
            HostException.check(path,
                    LibcSockets.connect(CallState.ofThread(), socket.raw(), address.address(), (int) address.byteSize()));
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /// Two ends of a stream of bytes, without a name. Another program that is given one may wait in calls on it.
    public static Pair streamPair() {
        return pair(SOCK_STREAM);
    }

    /// Two ends for messages that keep their bounds, likewise.
    public static Pair messagePair() {
        return pair(SOCK_SEQPACKET);
    }

    private static Pair pair(int type) {
        CallState state = CallState.ofThread();
        MemorySegment pair = state.scratch();
        HostException.check("socketpair", LibcSockets.socketpair(state, AF_UNIX, type | SOCK_CLOEXEC, pair.address()));
        return new Pair(new UnixSocket(new Fd(pair.getAtIndex(ValueLayout.JAVA_INT, 0))),
                new UnixSocket(new Fd(pair.getAtIndex(ValueLayout.JAVA_INT, 1))));
    }

    private static UnixSocket open(int type) {
        return new UnixSocket(new Fd(HostException.check("socket",
                LibcSockets.socket(CallState.ofThread(), AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC))));
    }

    /// `struct sockaddr_un`, as long as its path with the zero.
    private static MemorySegment address(Arena arena, String path) {
        byte[] bytes = path.getBytes(UTF_8);
        if (bytes.length == 0 || bytes.length > MAX_PATH_BYTES) {
            throw new IllegalArgumentException("path of " + bytes.length + " bytes: " + path);
        }
        MemorySegment address = arena.allocate(FAMILY_BYTES + bytes.length + 1, Short.BYTES);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
        MemorySegment.copy(bytes, 0, address, ValueLayout.JAVA_BYTE, FAMILY_BYTES, bytes.length);
        return address;
    }

    /// The next that has connected, or null.
    public UnixSocket accept() {
        int result = LibcSockets.accept4(CallState.ofThread(), raw(), SOCK_NONBLOCK | SOCK_CLOEXEC);
        return result == -Errno.EAGAIN || result == -Errno.EINTR || result == -Errno.ECONNABORTED ? null
                : new UnixSocket(new Fd(HostException.check("accept4", result)));
    }

    /// The descriptor's number, for [Epoll] and [Poll]; -1 once closed.
    public int raw() {
        return fd.raw();
    }

    /// The user who has the other end, as it was when it connected, or began to listen.
    public int peerUid() {
        return peer(UID);
    }

    /// The process that connected, or that began to listen. The number may be another's since it ended.
    public int peerPid() {
        return peer(PID);
    }

    private int peer(long field) {
        CallState state = CallState.ofThread();
        MemorySegment ucred = state.scratch();
        long lengthAt = UCRED.byteSize();
        ucred.set(ValueLayout.JAVA_INT, lengthAt, (int) UCRED.byteSize());
        HostException.check("SO_PEERCRED", LibcSockets.getsockopt(state, raw(), SOL_SOCKET, SO_PEERCRED, ucred.address(),
                ucred.address() + lengthAt));
        return ucred.get(ValueLayout.JAVA_INT, field);
    }

    /// The user as whom this process acts.
    public static int ownUid() {
        return LibcSockets.geteuid(CallState.ofThread());
    }

    /// Asks for room for so many bytes on their way to the peer: all of it for root, for others up to what
    /// `net.core.wmem_max` says. Returns what there is, in which the host counts its own overhead too.
    public int sendBufferBytes(int wanted) {
        CallState state = CallState.ofThread();
        MemorySegment value = state.scratch();
        value.set(ValueLayout.JAVA_INT, 0, wanted);
        int result = LibcSockets.setsockopt(state, raw(), SOL_SOCKET, SO_SNDBUFFORCE, value.address(), Integer.BYTES);
        if (result == -Errno.EPERM) {
            result = LibcSockets.setsockopt(state, raw(), SOL_SOCKET, SO_SNDBUF, value.address(), Integer.BYTES);
        }
        HostException.check("SO_SNDBUF", result);
        value.set(ValueLayout.JAVA_INT, Integer.BYTES, Integer.BYTES);
        HostException.check("SO_SNDBUF", LibcSockets.getsockopt(state, raw(), SOL_SOCKET, SO_SNDBUF, value.address(),
                value.address() + Integer.BYTES));
        return value.get(ValueLayout.JAVA_INT, 0);
    }

    /// Lets the peer send no descriptors: what it sends with some fails for it. For a peer that means harm, since the last
    /// close of a descriptor may wait for as long as who made it likes (`SO_LINGER`). Returns false where the host knows
    /// no such thing (before Linux 6.16).
    public boolean refuseDescriptors() {
        CallState state = CallState.ofThread();
        MemorySegment value = state.scratch();
        value.set(ValueLayout.JAVA_INT, 0, 0);
        int result = LibcSockets.setsockopt(state, raw(), SOL_SOCKET, SO_PASSRIGHTS, value.address(), Integer.BYTES);
        return result != -Errno.ENOPROTOOPT && HostException.check("SO_PASSRIGHTS", result) == 0;
    }

    /// Receives nothing from now on: what the peer sends fails for it.
    public void stopReceiving() {
        HostException.check("shutdown", LibcSockets.shutdown(CallState.ofThread(), raw(), SHUT_RD));
    }

    /// Ends the connection for both ends. Does nothing if the peer has ended it.
    public void shutDown() {
        LibcSockets.shutdown(CallState.ofThread(), raw(), SHUT_RDWR);
    }

    /// Sends the pieces: a message whole, of a stream as many bytes as there is room for. Returns the bytes or `-errno`.
    public long send(Iovec pieces) {
        return send(pieces, 0L);
    }

    /// As [#send(Iovec)], with up to [SentDescriptors#MAX] descriptors, of which the peer gets copies.
    public long send(Iovec pieces, int... descriptors) {
        return send(pieces, sending.control.put(descriptors));
    }

    private long send(Iovec pieces, long controlBytes) {
        long result;
        do {
            result = LibcSockets.sendmsg(sending.state, raw(), sending.headerFor(pieces, controlBytes),
                    MSG_DONTWAIT | MSG_NOSIGNAL);
        } while (result == -Errno.EINTR);
        Reference.reachabilityFence(pieces);
        return result;
    }

    /// Fills the pieces: with a message, of which what does not fit is lost, or with a stream's bytes. Returns how many
    /// bytes, 0 if the peer is gone, or `-errno`. Descriptors that were sent with it are closed.
    public long receive(Iovec pieces) {
        return receive(pieces, 0L);
    }

    /// As [#receive(Iovec)], and adds the descriptors that were sent with it to `descriptors`, which the caller closes.
    public long receive(Iovec pieces, List<Fd> descriptors) {
        long result = receive(pieces, SentDescriptors.BYTES);
        if (result >= 0) {
            receiving.control.take(receiving.header.get(ValueLayout.JAVA_LONG, CONTROLLEN), descriptors);
        }
        return result;
    }

    private long receive(Iovec pieces, long controlBytes) {
        if (pieces.isReadOnly()) {
            throw new IllegalArgumentException("a piece is read-only");
        }
        long result;
        do {
            result = LibcSockets.recvmsg(receiving.state, raw(), receiving.headerFor(pieces, controlBytes),
                    MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        } while (result == -Errno.EINTR);
        Reference.reachabilityFence(pieces);
        return result;
    }

    @Override
    public void close() {
        fd.close();
    }
}
