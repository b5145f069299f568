package xenolith.vmm.machine;

/// How long a vcpu's thread looks for its event before it sleeps.
///
/// What a guest waits for by `SCHEDOP_block` is often near: the answer of a disk, or of who is at the network's other
/// end. So is what it waits for by `SCHEDOP_poll`, as a lock that another vcpu holds: both kinds of wait count alike. A
/// thread that sleeps has to be woken, and its processor too, which in a virtual machine asks the machine's host: some
/// 50 µs, each time. So a vcpu whose last waits were short looks a while first, giving its processor to whoever wants
/// it; one whose waits are long sleeps at once. KVM does so for guests that halt (`halt_poll_ns`).
final class HaltPolling {
    /// A wait for longer than that is none to look for: a small message over the network and back takes less.
    static final long LONGEST_NS = 300_000;
    private static final long FIRST_NS = 20_000;

    private long lookNs;

    /// How long to look at most.
    long lookNs() {
        return lookNs;
    }

    /// The vcpu has waited for so long, in looking and in sleep.
    void waited(long ns) {
        if (ns > LONGEST_NS) {
            lookNs = lookNs <= FIRST_NS ? 0 : lookNs / 2;
        } else if (ns > lookNs) {
            lookNs = Math.min(LONGEST_NS, Math.max(FIRST_NS, 2 * lookNs));
        }
    }
}
