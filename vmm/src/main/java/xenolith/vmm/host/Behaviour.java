package xenolith.vmm.host;

import java.util.List;

/// What the probes saw the host do.
///
/// @param syscallLands           in which ring `syscall` arrives at LSTAR
/// @param int80Vector            the exception as which `int $0x80` of ring 3 arrives: 0x80 itself, 6 for #UD, or -1 for
///                               unknown
/// @param hostWritesCoherent     whether a page-table entry that the VMM took away (another frame, not present,
///                               read-only; leaf or level 2) is gone for ring 3 once ring 0 has flushed the TLB. If not,
///                               ring 0 must store the entry too
/// @param hostUpgradesSeen       whether an entry that the VMM added or widened is seen with nothing further done
/// @param commitsSeen            whether ring 0 makes the host see such a store of the VMM by a locked OR of nothing and
///                               a flush
/// @param usableSlots            those of the L4 slots 256 to 271 that ring 3 can use; empty for unknown
/// @param cpuidIntercepted       whether CPUID at ring 3 is answered from our table
/// @param tlsSelectorsLoad       whether ring 3 can load a data segment of its GDT, as 32-bit TLS does
/// @param tscIsHosts             whether the guest's time-stamp counter is the host's
/// @param mmioWriteAdvancesRip   whether RIP stands behind the instruction at the exit for an MMIO write
/// @param breakpointsWork        whether a breakpoint in the debug registers stops ring 3
public record Behaviour(Ring syscallLands, int int80Vector, Answer hostWritesCoherent, Answer hostUpgradesSeen,
        Answer commitsSeen, List<Integer> usableSlots, Answer cpuidIntercepted, Answer tlsSelectorsLoad,
        Answer tscIsHosts, Answer mmioWriteAdvancesRip, Answer breakpointsWork) {
    public static final int INT80 = 0x80;
    public static final int UNKNOWN_VECTOR = -1;
    static final int FIRST_SLOT = 256;
    static final int LAST_SLOT = 271;
    static final int INVALID_OPCODE = 6;
    static final int LAST_VECTOR = 255;

    /// Nothing is known.
    static final Behaviour UNKNOWN = new Behaviour(Ring.UNKNOWN, UNKNOWN_VECTOR, Answer.UNKNOWN, Answer.UNKNOWN,
            Answer.UNKNOWN, List.of(), Answer.UNKNOWN, Answer.UNKNOWN, Answer.UNKNOWN, Answer.UNKNOWN, Answer.UNKNOWN);

    public Behaviour {
        usableSlots = List.copyOf(usableSlots);
    }

    /// A ring, as far as it is known.
    public enum Ring {
        RING0,
        RING3,
        /// Ring 3, even where EFER.SCE forbids SYSCALL.
        RING3_ALWAYS,
        UNKNOWN
    }

    boolean isComplete() {
        return syscallLands != Ring.UNKNOWN && int80Vector != UNKNOWN_VECTOR && !usableSlots.isEmpty()
                && hostWritesCoherent != Answer.UNKNOWN && hostUpgradesSeen != Answer.UNKNOWN
                && commitsSeen != Answer.UNKNOWN && cpuidIntercepted != Answer.UNKNOWN
                && tlsSelectorsLoad != Answer.UNKNOWN && tscIsHosts != Answer.UNKNOWN
                && mmioWriteAdvancesRip != Answer.UNKNOWN && breakpointsWork != Answer.UNKNOWN;
    }
}
