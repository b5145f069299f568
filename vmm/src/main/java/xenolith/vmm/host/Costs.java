package xenolith.vmm.host;

/// What the host charges, in nanoseconds: the least that was measured, so that other work on the machine counts little.
///
/// @param exitNs             from ring 3 to us by an MMIO write, and back
/// @param trapNs             from ring 3 to ring 0 by `int $4`, and back by `iretq`
/// @param ring0InstructionNs a `nop` at ring 0; 0 where ring 0 runs natively
public record Costs(long exitNs, long trapNs, long ring0InstructionNs) {
    /// In place of a number.
    public static final long UNKNOWN_NS = -1;

    static final Costs UNKNOWN = new Costs(UNKNOWN_NS, UNKNOWN_NS, UNKNOWN_NS);

    boolean isComplete() {
        return exitNs >= 0 && trapNs >= 0 && ring0InstructionNs >= 0;
    }
}
