/// What every device backend needs: a thread that sleeps until its guest has work, and byte rings with private indices.
///
/// Headers: the rings of `xen/io/console.h` and `xen/io/xs_wire.h`.
///
/// Who may call: the backends of this module and the tool that starts them.
///
/// Locks: none. A ring end belongs to one thread; a [BackendThread] may be woken by any.
///
/// What the guest can do to us: write any value at any moment into a ring's indices and bytes. Each index is read once
/// into a local and checked; our own index lives here, and is only published to the page. A guest that breaks the rules
/// stops its own backend, with a reason, and nothing else.
package xenolith.backend;
