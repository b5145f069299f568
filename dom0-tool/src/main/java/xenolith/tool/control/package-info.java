/// The control plane: what a domain is asked to be, how it is run, and how it ended.
///
/// What lives here: [xenolith.tool.control.DomainConfig] and the parsing of its parts, the consoles that a domain's PV
/// console can be joined to, the statistics file, and the only place of the project that sees both the machine and the
/// backends: `LocalRunner`, which [xenolith.tool.control.Wiring] hands out. No public header of Xen belongs to it.
///
/// Who may call: the command line, and Java programs that use Xenolith as a library. Errors come in two kinds, each
/// with a message of one line that says what is wrong and what to do: [xenolith.tool.control.BadInputException] where
/// the caller asked for something impossible, [xenolith.tool.control.HostUnfitException] where this host cannot do it.
///
/// No locks: a configuration is immutable, a console has one reading and one writing thread.
///
/// What the guest can do to us: it chooses every byte that reaches a console, escape sequences included, and nothing
/// else. The terminal is given these bytes as they are, as any serial line would.
package xenolith.tool.control;
