/// Xenstore over a Unix socket: the toolstack's way to the store of a domain that another process runs.
///
/// Header: `xen/io/xs_wire.h`; on a socket the messages follow each other without anything between them, as Xen's own
/// daemon speaks, so that its tools work here too.
///
/// What lives here: [xenolith.xenstore.socket.XenstoreSocket] listens and hands each client to the
/// [xenolith.xenstore.XenstoreServer] as a transport; [xenolith.xenstore.socket.SocketClient] is the other end.
///
/// Who may call: the tool. A client has the rights of domain 0, so who may connect is the affair of the directory in
/// which the socket stands.
///
/// Threads: one that waits for all sockets; everything else happens on the server's thread. No locks.
///
/// What the guest can do to us: nothing; it has no socket. A client may send any bytes, stop in the midst of a message,
/// or never read: it is dropped with its watches and transactions, and costs until then what [xenolith.xenstore.Quota]
/// and [xenolith.xenstore.socket.XenstoreSocket.Limits] say.
package xenolith.xenstore.socket;
