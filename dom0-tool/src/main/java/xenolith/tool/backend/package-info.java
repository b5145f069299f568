/// `xenolith backend`: disks and network interfaces served to the domains of other processes
/// ([xenolith.tool.backend.BackendService]).
///
/// Who may call: the command line, and a library's caller. Each device has a thread of its own, and no state is shared
/// but the turns that disks take.
///
/// What the guest can do to us: what it can do to a backend in the domain's process, with that guest's memory alone in
/// reach; `xenolith.backend.remote` says how that is held to.
package xenolith.tool.backend;
