/// What this host's `/dev/kvm` does: probed once by tiny guests of our own, then remembered.
///
/// Hosts differ in ways that no capability tells: a software KVM runs ring 3 natively, emulates ring 0, and shadows page
/// tables without looking at what we write to them. [HostProfile] says what was seen; nothing in the project asks for
/// the name of a host. `probe.S` is what the probes run.
///
/// Who may call: the machine, before it builds a domain, and the tool. No locks: a probe lives on a thread of its own,
/// since it blocks the kick signal there for good; profiles are immutable.
///
/// What a guest can do to us: nothing; no domain exists yet. What the host can do: hang a probe. Each has a time limit,
/// and what it did not answer is unknown; then the choice is the one that is right on every host.
package xenolith.vmm.host;
