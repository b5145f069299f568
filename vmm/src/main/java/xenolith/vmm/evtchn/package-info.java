/// Event channels (`xen/event_channel.h`): the channel table of a domain and the words that it shares with the guest,
/// in one of two forms: a bitmap of two levels, or queues once the guest has given control blocks.
///
/// Who may call: the event-channel hypercalls, the timers, and backends through [xenolith.vmm.port.EventPort].
/// Locks: [EventChannels]' own monitor for changes of the table; raising and sending do not take it, since a channel is
/// one reference. The bitmap is atomic; the queues have a short lock of their own, last of all. A raise on a channel
/// that is being closed may still mark it pending. Frames are taken and given back under the domain's lock.
/// The guest may write every shared word at any time: that confuses itself alone.
package xenolith.vmm.evtchn;
