/// A switch between domains without a process of its own: every port is joined to every other one.
///
/// Domains are processes, and a switch is a directory of one user's. A port binds a `SOCK_SEQPACKET` socket there, and
/// connects to those of all ports that came before it; so each pair has one connection, whose end tells either that the
/// other is gone. Ports come and go under the directory's lock ([xenolith.backend.net.switching.SwitchDirectory]), where a
/// socket behind which nobody listens is taken for what a killed process left. A frame travels as one message, behind its
/// ten bytes of header (`struct virtio_net_hdr`), unfinished as the sender's guest left it.
///
/// A port learns from what it receives which peer has which address ([xenolith.backend.net.switching.MacTable]), and sends
/// to that one; what is for nobody known, or for many, goes to all. It never hands on what it received, so there are no
/// loops.
///
/// Who may call: the tool, which makes the directory for its user alone. Peers of another user are not accepted.
///
/// Locks: a peer's, for one call that does not wait. Neither sending nor receiving waits for anybody. A frame for a peer
/// that has no room is dropped, for that peer only, and counted with the sender's interface; but where it is the only peer,
/// and has had room within the last ten milliseconds, the frame is the sender's still, who slows down. A port that could not
/// be reached (its process stands still, and thousands have come to it), and newcomers for whom this process had no
/// descriptor, are tried again every second that frames come or go.
///
/// What guests can do to us: send any frame to any address, and so fill a table of 1024 addresses, whose oldest entries
/// give way; then more is sent to all. Which addresses a guest may use is its filter's matter.
package xenolith.backend.net.switching;
