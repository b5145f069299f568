/// An interface on the host's own connections, for users without any right over its network: a process `passt` plays the
/// rest of the network to the guest, and makes its connections as the user's.
///
/// Format: passt's and QEMU's for stream sockets: each frame behind its length, four bytes in the network's order. The
/// process inherits one end of a pair of sockets, so it ends when this process does, however that happens; when it ends
/// by itself the link is down, which is said in the log, and it is started again ([xenolith.backend.net.passt.PasstLink]).
///
/// Who may call: the tool that wires a domain's devices; a port's methods, the threads of its queue.
///
/// Locks: `PasstStream`'s, for a call that does not wait; `PasstLink`'s, for who is the current stream, taken before it.
///
/// What the guest can do to us: send frames, which go to that process and no further. It holds itself to no file and few
/// system calls, as user nobody where it is started by root. What it sends back is checked: a length that cannot be ends
/// the connection, and the process.
package xenolith.backend.net.passt;
