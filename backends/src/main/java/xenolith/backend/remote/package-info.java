/// Devices in processes of their own (docs/remote-backends.md): both ends of the connection, and what outlives such a
/// process: a record for each ring, and a page that says whether the host has lost anything.
///
/// A device's driver runs there as it does here, over a [xenolith.vmm.port.DeviceAccess] that asks the machine's process
/// by messages on a Unix socket, and over the guest's memory mapped from the machine's memfd.
///
/// In the machine's process [xenolith.backend.remote.RemoteDriver] is the driver that the handshake sees; a supervisor
/// gets processes for it, and a session is the connection to one. In the device's process
/// [xenolith.backend.remote.DeviceHost] listens and runs the driver proper.
///
/// Who may call: the tool that starts either end.
///
/// Locks: `RemoteDriver`'s for commands, then `Supervisor`'s, then a session's for its grants, then the domain's. A ring
/// and its record belong to one thread.
///
/// What the other process can do to us: have mapped what the guest grants, and use up a processor. What it says is
/// checked, and believed about itself only; no call of ours on what it has too can wait. What the guest can do to us:
/// what it can do to the driver. Its words in a ring's page are checked against the record, which it cannot reach.
package xenolith.backend.remote;
