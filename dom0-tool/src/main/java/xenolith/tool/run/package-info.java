/// How a domain is run: what it is asked to be ([xenolith.tool.run.DomainConfig]), the run itself, and how it ended.
///
/// [xenolith.tool.run.Wiring] hands out what runs domains. Only `LocalRunner` and `OutsideAccess`, behind it, see both
/// the machine (`xenolith.vmm.machine`) and the backends and stores beside it; devices see of the machine what
/// `xenolith.vmm.port` shows. No public header of Xen belongs to this package.
///
/// Who may call: the command line, and Java programs that use Xenolith as a library.
///
/// Locks: the log has one, which whoever logs holds while there is room. A configuration is immutable.
///
/// What the guest can do to us: it ends when it likes, never comes to its end when it is asked to, and fills the log,
/// which drops what nobody reads.
package xenolith.tool.run;
