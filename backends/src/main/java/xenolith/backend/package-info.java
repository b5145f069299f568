/// What every device backend needs: a thread that sleeps until its guest has work, the handshake with a frontend
/// through xenstore ([xenolith.backend.XenbusBackend]), and the xenstore ring's two ends. An [Allowance] limits how
/// much a device may do.
///
/// Headers: `xen/io/xenbus.h`, `xen/io/xs_wire.h` (`struct xenstore_domain_interface`).
///
/// Who may call: the backends of this module and the tool that starts them.
///
/// Locks: a ring has none, it belongs to one thread; a [BackendThread] may be woken by any. [GuestBell] and
/// [XenbusBackend] have one each, held for moments: lest a late ring meet a closed descriptor, and for who waits for a
/// state. So has an [Allowance]. Nothing else is locked under any.
///
/// What the guest can do to us: write any value at any moment into a ring's indices and bytes, and into its devices'
/// nodes. A guest that breaks the rules stops its own backend, with a reason, and nothing else.
package xenolith.backend;
