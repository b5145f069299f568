/// The report of this host: what the start-up probes found out about its `/dev/kvm`, for people and for programs.
///
/// Who may call: those that run a domain, and the command line. No locks: nothing here changes. There is no guest yet.
package xenolith.tool.host;
