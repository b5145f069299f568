/// What comes in, and how a caller is told that it cannot be: the errors, files that are named, sizes, names, and JSON.
///
/// Errors come in three kinds, each with a message of one line that says what is wrong and what to do:
/// [xenolith.tool.input.BadInputException] where the caller asked for something impossible,
/// [xenolith.tool.input.HostUnfitException] where this host cannot do it,
/// [xenolith.tool.input.ControlException] where a running domain does not.
///
/// Who may call: all packages of the tool. No locks: nothing here changes.
///
/// What the guest can do to us: nothing, but that [xenolith.tool.input.Json] writes what a guest has chosen; it is
/// escaped there.
package xenolith.tool.input;
