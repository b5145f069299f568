package xenolith.vmm.mm;

import static xenolith.vmm.mm.PteBits.ACCESSED;
import static xenolith.vmm.mm.PteBits.GLOBAL;
import static xenolith.vmm.mm.PteBits.KEYS;
import static xenolith.vmm.mm.PteBits.PCD;
import static xenolith.vmm.mm.PteBits.PSE;
import static xenolith.vmm.mm.PteBits.PWT;
import static xenolith.vmm.mm.PteBits.USER;

/// What a present entry of each level may hold, apart from the frame it names. Entries that are not present are the
/// guest's own and are never looked at.
///
/// The address bits need no rule: a frame number beyond the machine is refused as such.
final class EntryRules {
    private static final long FORBIDDEN_IN_L1 = KEYS;
    /// As Xen: no superpages, and no bits that some processors reserve in upper levels.
    private static final long FORBIDDEN_ABOVE = KEYS | PSE | GLOBAL | PWT | PCD;

    private EntryRules() {}

    static boolean isForbidden(long value, int level) {
        return (value & (level == 1 ? FORBIDDEN_IN_L1 : FORBIDDEN_ABOVE)) != 0;
    }

    /// Why a forbidden value is.
    static Refusal reason(long value, int level) {
        return level > 1 && (value & PSE) != 0 ? Refusal.SUPERPAGE : Refusal.RESERVED_BITS;
    }

    /// The level-1 entry that is stored for `value`. The guest kernel runs in ring 3, so every page is a user page;
    /// and it has two roots for one address, so no translation may outlive a change of root: Global is dropped. (Xen
    /// sets Global on user pages, having its own way to flush them; it gains us nothing.)
    static long adjustedL1(long value) {
        return (value | USER) & ~GLOBAL;
    }

    /// The same for levels 2–4. As Xen, L4 entries are Accessed from the start.
    static long adjustedAbove(long value, int level) {
        return value | (level == PteBits.LEVELS ? USER | ACCESSED : USER);
    }
}
