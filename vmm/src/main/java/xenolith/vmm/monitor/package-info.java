/// The ring-0 monitor: its numbers, its image, its tables, and Java's side of each vcpu's window.
///
/// `vmm/src/main/monitor/README.md` tells what the assembly does. [MonitorAbi] is the only place where a number that
/// both sides use is written. The guest's kernel may write the mailbox page at any moment and can thereby only lie
/// about its own calls; it reads the super page; it never sees the page tables.
///
/// Who may call: the exit loop, the hypercall rooms (for callbacks and stacks), the domain (for roots, descriptor
/// tables and commits) and the probes of the host (for tables). Lock: the domain's, but for [MonitorWindow#answer] and
/// [MonitorWindow#sequence], which are ordered by themselves.
package xenolith.vmm.monitor;
