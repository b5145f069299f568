/// Xenstore: the small tree of paths and values through which domains find their devices and the toolstack speaks to
/// them.
///
/// Header: `xen/io/xs_wire.h`; the rules of the protocol are in Xen's `docs/misc/xenstore.txt`.
///
/// The store is an immutable tree under one reference. A change makes a new tree that shares all it did not touch, so a
/// transaction is the old root kept, and a reader needs no lock. Every way in (a guest's ring, Java, any other
/// [Transport]) ends in the same [Change] applied by the same [Store].
///
/// | word | meaning |
/// |---|---|
/// | caller | who asks: a domid and its privileges |
/// | connection | one client that speaks the wire protocol: its transactions, watches and queued messages |
/// | transport | where a connection's bytes come from and go to |
/// | generation | a number that a node gets anew whenever its value, permissions or list of children change |
///
/// Who may call: the backends of this module and the tool, through [StoreClient] and [XenstoreServer].
///
/// Locks, in this order: the store's, then an [OutputQueue]'s. Watch events are queued under the store's lock, so every
/// watcher sees changes in the order in which they happened; Java callbacks run later, without a lock.
///
/// What the guest can do to us: send any bytes. [MessageReader] bounds a message, [RequestParser] and [Path] check its
/// words, [Quota] bounds what it may keep here, and a connection that breaks the protocol or does not read what it
/// asked for is closed with a reason. All other guests are served on.
package xenolith.xenstore;
