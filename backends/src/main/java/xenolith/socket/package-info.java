/// Unix sockets that answer: what the sockets of a running domain have in common.
///
/// What lives here: [xenolith.socket.UnixListener], which takes clients in and tells of each that there is something to
/// read, and [xenolith.socket.UnixSockets], the way to it. What is spoken is the business of who uses them. No header of
/// Xen's belongs to it.
///
/// Who may call: xenstore's socket and the tool.
///
/// Locks: none; a listener's thread calls its service, and nobody else does.
///
/// What the guest can do to us: nothing; it has no socket. A client may come too often, send anything, or stop at any
/// moment: it costs its own connection.
package xenolith.socket;
