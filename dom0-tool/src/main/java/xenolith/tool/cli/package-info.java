/// The command line: `xenolith run`, the commands for running domains (`list`, `shutdown`, `destroy`, `vcpu-set`,
/// `mem-set`, `sysrq`, `console`, `disk-attach` and the like, `firewall`, `xenstore`), `backend`, `info` and `version`.
///
/// What lives here: one class per command, each of which turns words into a call of another package and an
/// answer into lines and an exit status ([xenolith.tool.cli.ExitStatus]). Commands are declared with picocli's
/// programmatic model: no annotation is read by reflection, which at start-up costs more than the parsing.
///
/// Who may call: the launcher. No locks: one thread.
///
/// What the guest can do to us: it chooses values in the store, which [xenolith.tool.control.DomainStore] gives as
/// printable text only. Names of nodes are checked by the store, and no other byte of a guest passes through here but the
/// report of its crash.
package xenolith.tool.cli;
