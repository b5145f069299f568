/// Event channels (`xen/event_channel.h`): the channel table of a domain and the pending bitmap that it shares with
/// the guest.
///
/// Who may call: the event-channel hypercalls, the timers, and backends through [xenolith.vmm.port.EventPort].
/// Lock: [EventChannels]' own monitor for changes of the table; raising and sending take none, since a channel is
/// one reference and the bits are atomic. A raise on a channel that is being closed may still mark it pending.
/// The guest may write every shared word at any time: that confuses itself alone.
package xenolith.vmm.evtchn;
