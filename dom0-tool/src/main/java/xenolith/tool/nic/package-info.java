/// The network interfaces that a domain can have: what is asked for ([xenolith.tool.nic.NicConfig]), what each is
/// attached to on the host ([xenolith.tool.nic.NicLinks]), its rate and its firewall, and the devices made of them,
/// here or in another process.
///
/// Who may call: those that run a domain or serve an interface to one, and a library's caller for the configuration.
///
/// Locks: an interface's own, in `xenolith.backend.net`. A configuration is immutable.
///
/// What the guest can do to us: nothing here sees its frames; that is `xenolith.backend.net`'s.
package xenolith.tool.nic;
