package xenolith.posix;

import static xenolith.posix.Libc.intResult;
import static xenolith.posix.Libc.invoke;
import static xenolith.posix.Libc.link;
import static xenolith.posix.Libc.longResult;

import java.lang.invoke.MethodHandle;

/// The part of [Libc] for sockets and sets of descriptors.
final class LibcSockets {
    private LibcSockets() {
    }

    private static final class Sockets {
        static final MethodHandle SOCKET = link("socket");
        static final MethodHandle SOCKETPAIR = link("socketpair");
        static final MethodHandle BIND = link("bind");
        static final MethodHandle LISTEN = link("listen");
        static final MethodHandle ACCEPT4 = link("accept4");
        static final MethodHandle CONNECT = link("connect");
        static final MethodHandle SETSOCKOPT = link("setsockopt");
        static final MethodHandle GETSOCKOPT = link("getsockopt");
        static final MethodHandle SHUTDOWN = link("shutdown");
        static final MethodHandle SENDMSG = link("sendmsg");
        static final MethodHandle RECVMSG = link("recvmsg");
        static final MethodHandle GETEUID = link("geteuid");
    }

    static int socket(CallState state, int domain, int type) {
        return intResult(state, invoke(Sockets.SOCKET, state, domain, type, 0, 0, 0, 0));
    }

    static int socketpair(CallState state, int domain, int type, long pairOut) {
        return intResult(state, invoke(Sockets.SOCKETPAIR, state, domain, type, 0, pairOut, 0, 0));
    }

    static int bind(CallState state, int fd, long address, int byteLength) {
        return intResult(state, invoke(Sockets.BIND, state, fd, address, byteLength, 0, 0, 0));
    }

    static int listen(CallState state, int fd, int backlog) {
        return intResult(state, invoke(Sockets.LISTEN, state, fd, backlog, 0, 0, 0, 0));
    }

    /// The peer's address is not asked for.
    static int accept4(CallState state, int fd, int flags) {
        return intResult(state, invoke(Sockets.ACCEPT4, state, fd, 0, 0, flags, 0, 0));
    }

    static int connect(CallState state, int fd, long address, int byteLength) {
        return intResult(state, invoke(Sockets.CONNECT, state, fd, address, byteLength, 0, 0, 0));
    }

    static int setsockopt(CallState state, int fd, int level, int option, long value, int byteLength) {
        return intResult(state, invoke(Sockets.SETSOCKOPT, state, fd, level, option, value, byteLength, 0));
    }

    static int getsockopt(CallState state, int fd, int level, int option, long value, long byteLengthInOut) {
        return intResult(state, invoke(Sockets.GETSOCKOPT, state, fd, level, option, value, byteLengthInOut, 0));
    }

    static int shutdown(CallState state, int fd, int how) {
        return intResult(state, invoke(Sockets.SHUTDOWN, state, fd, how, 0, 0, 0, 0));
    }

    static long sendmsg(CallState state, int fd, long msghdr, int flags) {
        return longResult(state, invoke(Sockets.SENDMSG, state, fd, msghdr, flags, 0, 0, 0));
    }

    static long recvmsg(CallState state, int fd, long msghdr, int flags) {
        return longResult(state, invoke(Sockets.RECVMSG, state, fd, msghdr, flags, 0, 0, 0));
    }

    static int geteuid(CallState state) {
        return (int) invoke(Sockets.GETEUID, state, 0, 0, 0, 0, 0, 0);
    }

    private static final class Epolls {
        static final MethodHandle CREATE = link("epoll_create1");
        static final MethodHandle CTL = link("epoll_ctl");
        static final MethodHandle WAIT = link("epoll_wait");
    }

    static int epollCreate(CallState state, int flags) {
        return intResult(state, invoke(Epolls.CREATE, state, flags, 0, 0, 0, 0, 0));
    }

    static int epollCtl(CallState state, int epoll, int operation, int fd, long event) {
        return intResult(state, invoke(Epolls.CTL, state, epoll, operation, fd, event, 0, 0));
    }

    static int epollWait(CallState state, int epoll, long events, int capacity, int timeoutMs) {
        return intResult(state, invoke(Epolls.WAIT, state, epoll, events, capacity, timeoutMs, 0, 0));
    }
}
