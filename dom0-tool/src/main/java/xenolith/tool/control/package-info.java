/// The control plane: what a domain is asked to be, how it is run, and how it ended.
///
/// What lives here: [xenolith.tool.control.DomainConfig] and the parsing of its parts, the consoles that a domain's PV
/// console can be joined to, the statistics file, and the only place of the project that sees both the machine and the
/// backends: `LocalRunner`, which [xenolith.tool.control.Wiring] hands out. No public header of Xen belongs to it.
///
/// A domain lives in the process that runs it. Other processes find it by its [xenolith.tool.control.RunDirectory], in
/// which that process listens at two sockets: `xenstore.sock` speaks xenstore's protocol with domain 0's rights, and
/// `control.sock` lines of JSON ([xenolith.tool.control.ControlServer]) for what is no matter of the store.
/// [xenolith.tool.control.RunningDomains] finds domains, [xenolith.tool.control.RunningDomain] asks one for something.
///
/// [xenolith.tool.control.Devices] holds a domain's devices, of which each is a [xenolith.tool.control.HostedDevice] of some
/// [xenolith.tool.control.DeviceKind].
///
/// Who may call: the command line, and Java programs that use Xenolith as a library. Errors come in three kinds, each
/// with a message of one line that says what is wrong and what to do: [xenolith.tool.control.BadInputException] where
/// the caller asked for something impossible, [xenolith.tool.control.HostUnfitException] where this host cannot do it,
/// [xenolith.tool.control.ControlException] where a running domain does not.
///
/// Locks: run directories come and go under a lock file, and within the process under the monitor of their class. A
/// [xenolith.tool.control.Devices] has one for its list, never held while it waits, and each device one for its changes and
/// its end. Else none: a configuration is immutable, a console has one reading and one writing thread.
///
/// What the guest can do to us: it chooses every byte that reaches a console, escape sequences included, and nothing
/// else. The terminal is given these bytes as they are, as any serial line would. The sockets are for the user alone:
/// their directory is closed to others, and what comes through them is bounded all the same.
package xenolith.tool.control;
