/// How other processes look at a running domain and ask it for something.
///
/// A domain lives in the process that runs it. Others find it by its run directory, in which that process listens at
/// two sockets: `xenstore.sock` speaks xenstore's protocol with domain 0's rights, and `control.sock` lines of JSON
/// ([xenolith.tool.control.ControlServer]) for what is no matter of the store. [xenolith.tool.control.RunningDomains]
/// finds domains, [xenolith.tool.control.RunningDomain] asks one for something.
///
/// Who may call: the command line, and Java programs that use Xenolith as a library; the server's side is for those
/// that run a domain.
///
/// No locks: one thread serves all clients, and what takes long has a thread of its own.
///
/// What the guest can do to us: it chooses values in the store, which are given as printable text only. The sockets are
/// for the user alone, and what comes through them is bounded all the same.
package xenolith.tool.control;
