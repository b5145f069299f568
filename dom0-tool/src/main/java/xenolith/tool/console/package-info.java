/// The outer ends of a domain's console and of its channels: a terminal, a pseudo-terminal, a socket, a file.
///
/// Who may call: those that run a domain, and the command line for its own terminal.
///
/// No locks but each console's own: it has one reading and one writing thread.
///
/// What the guest can do to us: it chooses every byte that reaches a console, escape sequences included, and nothing
/// else. The terminal is given these bytes as they are, as any serial line would.
package xenolith.tool.console;
