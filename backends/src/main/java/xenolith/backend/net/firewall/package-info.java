/// The virtual firewall-router of section 3.3.5 of the paper: rules of pattern and action for each interface and
/// direction, which Domain0 keeps. docs/firewall.md describes them for who writes some.
///
/// [xenolith.backend.net.firewall.Firewall] is an interface's filter. `Packet` reads a frame's head once, `Identity` holds
/// the guest to its addresses, `RuleList` asks the rules; of these `RateLimit` counts, and `ConnectionTable` remembers
/// whose answers `Rewrite` has to put right. Formats: RFC 791, 8200, 826, 4861, 9293, 768.
///
/// Who may call: the queues of one interface, any number of threads at once, and whoever keeps the rules. A frame
/// allocates nothing and waits for nobody but, where there is a translation, for its table.
///
/// Locks: `Firewall`'s, for changes; a `ConnectionTable`'s, for a packet's few steps. The list that frames are held
/// against never changes; another takes its place.
///
/// What the guest can do to us: send any bytes. All that is decided is decided over a copy that it cannot change, as long
/// as [xenolith.backend.net.FrameFilter#HEAD_BYTES]; what hides behind that (options upon options) is dropped as malformed,
/// as is what is too short or has more than two VLAN tags, or a fragment that would rewrite a header already looked at. A
/// later fragment has no ports, so no rule that names ports is for it. It can fill a table of 4096 connections, whose new
/// ones then are refused.
package xenolith.backend.net.firewall;
