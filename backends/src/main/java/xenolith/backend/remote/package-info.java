/// Devices in processes of their own (docs/remote-backends.md): the record that outlives such a process.
///
/// A device's driver runs there as it does here, over a [xenolith.vmm.port.DeviceAccess] that asks the machine's process
/// by messages on a Unix socket, and over the guest's memory mapped from the machine's memfd.
///
/// Who may call: the tool that starts either end.
///
/// Locks: none of its own. A ring and its record belong to one thread.
///
/// What the guest can do to us: what it can do to the driver. Its words in a ring's page are checked against the record,
/// which it cannot reach.
package xenolith.backend.remote;
