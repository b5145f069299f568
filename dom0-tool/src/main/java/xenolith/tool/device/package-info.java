/// The devices of a running domain, whatever they are: [xenolith.tool.device.Devices] is the list, each is a
/// [xenolith.tool.device.HostedDevice] of some [xenolith.tool.device.DeviceKind], and
/// [xenolith.tool.device.DeviceControl] is what can be asked of them.
///
/// Here is too what disks and network interfaces have in common where another process serves them: where that is
/// ([xenolith.tool.device.BackendPlace]), how it is started or found, and the far end of it
/// ([xenolith.tool.device.DeviceServer]).
///
/// Who may call: the packages of each kind of device, and those that run a domain or ask one for something.
///
/// Locks: [xenolith.tool.device.Devices] has one for its list, never held while it waits, and each device one for its
/// changes and its end.
///
/// What the guest can do to us: it never connects, never lets go, writes odd states; all waiting is bounded. What
/// another process that serves a device can do: not answer. So nothing that the list's lock is held for asks one.
package xenolith.tool.device;
