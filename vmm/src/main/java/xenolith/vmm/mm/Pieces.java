package xenolith.vmm.mm;

/// Divides the validation and the dissolution of big trees into pieces, so that no call holds the mm lock for long.
///
/// A piece validates or dissolves so many tables. A **dissolution** that comes to the end of a piece leaves tables that
/// nobody names any more *behind*: each keeps one hold, so that it stays the valid table that it is, until a later call
/// takes them up. A **validation** that comes to the end of a piece is undone as far as it is incomplete; the tables
/// below that are complete are *kept* by a hold each, the call answers [PageTables#RETRY], and finds them valid when it
/// is repeated. What was kept is let go when the last such call has its answer. A call that is never repeated wastes the
/// guest's own memory until then, or until its end.
///
/// Lock: the mm lock.
final class Pieces {
    /// Tables of one piece: 512 entries each, some 2 µs.
    static final int TABLES = 64;
    /// Holds that can be dropped in the time of one table.
    private static final int HOLDS_PER_TABLE = 32;
    /// Validations under way at once, as many as a domain may have vcpus.
    private static final int UNFINISHED = 32;

    private final int tablesPerPiece;
    private final FrameStack behind = new FrameStack();
    private final FrameStack kept = new FrameStack();
    private final int[] unfinished = new int[UNFINISHED];
    private int unfinishedCount;
    private long left;
    private boolean interrupted;

    Pieces(int tablesPerPiece) {
        this.tablesPerPiece = tablesPerPiece;
    }

    void begin() {
        left = (long) tablesPerPiece * HOLDS_PER_TABLE;
        interrupted = false;
    }

    /// From now on nothing is put aside: the domain is dead.
    void unlimited() {
        left = Long.MAX_VALUE;
        interrupted = false;
    }

    boolean isOver() {
        return left <= 0;
    }

    void tableDone() {
        left -= HOLDS_PER_TABLE;
    }

    void holdDropped() {
        left--;
    }

    /// A validation stops here. What it undoes is to be kept.
    void interrupt() {
        interrupted = true;
    }

    boolean isInterrupted() {
        return interrupted;
    }

    /// Where a table goes that nobody names any more, if it is not to be dissolved now; else null.
    FrameStack aside() {
        if (interrupted) {
            return kept;
        }
        return isOver() ? behind : null;
    }

    FrameStack behind() {
        return behind;
    }

    /// The validation of frame `top`, with all below it, was interrupted or has its answer.
    void ended(int top) {
        int at = 0;
        while (at < unfinishedCount && unfinished[at] != top) {
            at++;
        }
        if (interrupted) {
            if (unfinishedCount == UNFINISHED && at == UNFINISHED) {
                // Calls that nobody repeated: forget them all.
                unfinishedCount = 0;
                kept.moveTo(behind);
                at = 0;
            }
            unfinished[at] = top;
            unfinishedCount = Math.max(unfinishedCount, at + 1);
        } else if (at < unfinishedCount) {
            unfinished[at] = unfinished[--unfinishedCount];
            if (unfinishedCount == 0) {
                kept.moveTo(behind);
            }
        }
        interrupted = false;
    }

    /// Lets go of everything that was kept.
    void abandon() {
        unfinishedCount = 0;
        kept.moveTo(behind);
    }
}
