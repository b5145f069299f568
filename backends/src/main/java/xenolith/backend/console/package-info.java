/// The PV console: bytes between a domain's console ring and whoever looks at it.
///
/// Header: `xen/io/console.h` (`struct xencons_interface`). The ring called `out` is the guest's output, 2048 bytes; `in`
/// is what is typed to the guest, 1024 bytes.
///
/// A domain's first console is there from the start, and the toolstack chooses its page and port; further ones, and
/// channels, are [xenolith.backend.console.ConsoleDevice]s, whose page and port the guest's driver makes.
///
/// Who may call: the tool, which makes a [xenolith.backend.console.ConsoleBackend] for a domain's first console. For each
/// of the others `ConsoleDevice` makes one whenever the guest's driver connects.
///
/// Locks: [xenolith.backend.console.ConsoleInput] has one of its own, held for a copy only. The ring belongs to the
/// backend's thread.
///
/// What the guest can do to us: fill its ring as fast as we drain it (the sink's speed is its brake), never read its
/// input (the writer of the input waits; the output goes on), or write lies into the indices (its console stops with a
/// reason).
package xenolith.backend.console;
