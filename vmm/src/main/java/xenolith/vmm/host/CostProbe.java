package xenolith.vmm.host;

/// The probes that say what the host charges.
final class CostProbe {
    /// The first hundred exits of a cold JVM cost several times as much.
    private static final int EXITS = 160;
    private static final int RUNS = 5;
    private static final long NS_PER_MS = 1_000_000;

    private final ProbeGuest guest;
    private final ProbeMemory memory;

    CostProbe(ProbeGuest guest) {
        this.guest = guest;
        this.memory = guest.memory();
    }

    Costs costs() {
        long exitNs = exitNs();
        int rounds = memory.image.symbol("trap_rounds");
        long plain = roundsNs("gate_return");
        long padded = roundsNs("gate_padded");
        if (plain < 0 || padded < 0) {
            return new Costs(exitNs, Costs.UNKNOWN_NS, Costs.UNKNOWN_NS);
        }
        long instructions = (long) rounds * memory.image.symbol("gate_nops");
        return new Costs(exitNs, plain / rounds, Math.max(0, padded - plain) / instructions);
    }

    private long exitNs() {
        int bell = memory.image.symbol("bell_exit");
        long least = Long.MAX_VALUE;
        if (guest.run("probe_exit") != bell) {
            return Costs.UNKNOWN_NS;
        }
        for (int i = 0; i < EXITS; i++) {
            long start = System.nanoTime();
            if (guest.resume() != bell) {
                return Costs.UNKNOWN_NS;
            }
            least = Math.min(least, System.nanoTime() - start);
        }
        return least;
    }

    /// The time of all rounds through gate 4 when it leads to `symbol`.
    private long roundsNs(String symbol) {
        memory.softGate(symbol);
        long least = Long.MAX_VALUE;
        for (int i = 0; i < RUNS; i++) {
            if (!guest.isDone(guest.run("probe_trap"))) {
                return Costs.UNKNOWN_NS;
            }
            least = Math.min(least, guest.rax());
        }
        return least * NS_PER_MS / guest.tscKhz();
    }
}
