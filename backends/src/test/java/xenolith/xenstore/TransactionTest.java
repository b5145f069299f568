package xenolith.xenstore;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.XsWire.*;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TransactionTest {
    private final Talk talk = new Talk();

    @BeforeEach
    void aTree() {
        talk.says(0, XS_WRITE, "/a|1", "OK|").says(0, XS_WRITE, "/b|1", "OK|").says(0, XS_WRITE, "/d/x|1", "OK|");
    }

    @Test
    void aTransactionIsIsolatedUntilItCommits() {
        int t = talk.begin(0);
        talk.says(0, t, XS_WRITE, "/a|2", "OK|")
                .says(0, t, XS_READ, "/a|", "2")
                .says(0, XS_READ, "/a|", "1")
                .says(0, t, XS_TRANSACTION_END, "T|", "OK|")
                .says(0, XS_READ, "/a|", "2");
    }

    @Test
    void whatOthersWriteIsNotSeenInside() {
        int t = talk.begin(0);
        talk.says(0, XS_WRITE, "/a|2", "OK|")
                .says(0, t, XS_READ, "/a|", "1");
    }

    @Test
    void anAbortedTransactionLeavesNothing() {
        int t = talk.begin(0);
        talk.says(0, t, XS_WRITE, "/a|2", "OK|")
                .says(0, t, XS_RM, "/b|", "OK|")
                .says(0, t, XS_TRANSACTION_END, "F|", "OK|")
                .says(0, XS_READ, "/a|", "1")
                .says(0, XS_READ, "/b|", "1");
    }

    @Test
    void aNodeReadInsideAndChangedOutsideIsAConflict() {
        int t = talk.begin(0);
        talk.says(0, t, XS_READ, "/a|", "1")
                .says(0, t, XS_WRITE, "/b|2", "OK|")
                .says(0, XS_WRITE, "/a|9", "OK|")
                .says(0, t, XS_TRANSACTION_END, "T|", "!EAGAIN")
                .says(0, XS_READ, "/b|", "1");
    }

    @Test
    void writingTheSameValueOutsideIsAConflictToo() {
        int t = talk.begin(0);
        talk.says(0, t, XS_READ, "/a|", "1")
                .says(0, t, XS_WRITE, "/b|2", "OK|")
                .says(0, XS_WRITE, "/a|1", "OK|")
                .says(0, t, XS_TRANSACTION_END, "T|", "!EAGAIN");
    }

    @Test
    void aNodeWrittenInsideAndOutsideIsAConflict() {
        int t = talk.begin(0);
        talk.says(0, t, XS_WRITE, "/a|2", "OK|")
                .says(0, XS_WRITE, "/a|3", "OK|")
                .says(0, t, XS_TRANSACTION_END, "T|", "!EAGAIN")
                .says(0, XS_READ, "/a|", "3");
    }

    @Test
    void aNodeThatWasMissedInsideAndMadeOutsideIsAConflict() {
        int t = talk.begin(0);
        talk.says(0, t, XS_READ, "/new|", "!ENOENT")
                .says(0, t, XS_WRITE, "/a|2", "OK|")
                .says(0, XS_WRITE, "/new|1", "OK|")
                .says(0, t, XS_TRANSACTION_END, "T|", "!EAGAIN");
    }

    @Test
    void aNodeReadInsideAndRemovedAndRemadeOutsideIsAConflict() {
        int t = talk.begin(0);
        talk.says(0, t, XS_READ, "/a|", "1")
                .says(0, t, XS_WRITE, "/b|2", "OK|")
                .says(0, XS_RM, "/a|", "OK|")
                .says(0, XS_WRITE, "/a|1", "OK|")
                .says(0, t, XS_TRANSACTION_END, "T|", "!EAGAIN");
    }

    @Test
    void aListReadInsideAndGrownOutsideIsAConflict() {
        int t = talk.begin(0);
        talk.says(0, t, XS_DIRECTORY, "/d|", "x|")
                .says(0, t, XS_WRITE, "/a|2", "OK|")
                .says(0, XS_WRITE, "/d/y|1", "OK|")
                .says(0, t, XS_TRANSACTION_END, "T|", "!EAGAIN");
    }

    @Test
    void aChangeDeeperInAListedDirectoryIsNoConflict() {
        int t = talk.begin(0);
        talk.says(0, t, XS_DIRECTORY, "/d|", "x|")
                .says(0, t, XS_WRITE, "/a|2", "OK|")
                .says(0, XS_WRITE, "/d/x|2", "OK|")
                .says(0, t, XS_TRANSACTION_END, "T|", "OK|");
    }

    @Test
    void changesOfOtherNodesAreNoConflictAndBothStay() {
        int t = talk.begin(0);
        talk.says(0, t, XS_WRITE, "/a|2", "OK|")
                .says(0, XS_WRITE, "/b|2", "OK|")
                .says(0, t, XS_TRANSACTION_END, "T|", "OK|")
                .says(0, XS_READ, "/a|", "2")
                .says(0, XS_READ, "/b|", "2");
    }

    @Test
    void twoTransactionsMayMakeDifferentChildrenOfOneParent() {
        int t1 = talk.begin(0);
        int t2 = talk.begin(0);
        talk.says(0, t1, XS_WRITE, "/d/one|1", "OK|")
                .says(0, t2, XS_WRITE, "/d/two|2", "OK|")
                .says(0, t1, XS_TRANSACTION_END, "T|", "OK|")
                .says(0, t2, XS_TRANSACTION_END, "T|", "OK|")
                .says(0, XS_DIRECTORY, "/d|", "one|two|x|");
    }

    @Test
    void aTransactionThatOnlyReadNeverConflicts() {
        int t = talk.begin(0);
        talk.says(0, t, XS_READ, "/a|", "1")
                .says(0, XS_WRITE, "/a|2", "OK|")
                .says(0, t, XS_READ, "/a|", "1")
                .says(0, t, XS_TRANSACTION_END, "T|", "OK|");
    }

    @Test
    void permissionsLostMeanwhileAreAConflict() {
        talk.says(0, XS_WRITE, "/w|", "OK|").says(0, XS_SET_PERMS, "/w|b0|", "OK|");
        int t = talk.begin(7);
        talk.says(7, t, XS_WRITE, "/w/new|1", "OK|")
                .says(0, XS_SET_PERMS, "/w|n0|", "OK|")
                .says(7, t, XS_TRANSACTION_END, "T|", "!EAGAIN")
                .says(0, XS_READ, "/w/new|", "!ENOENT");
    }

    @Test
    void aTransactionEndsOnceAndIsTheConnectionsOwn() {
        int t = talk.begin(7);
        talk.says(8, t, XS_READ, "/a|", "!ENOENT")
                .says(8, t, XS_TRANSACTION_END, "T|", "!ENOENT")
                .says(7, t, XS_TRANSACTION_START, "|", "!EBUSY")
                .says(7, t, XS_TRANSACTION_END, "T|", "OK|")
                .says(7, t, XS_TRANSACTION_END, "T|", "!ENOENT")
                .says(7, XS_TRANSACTION_END, "T|", "!ENOENT");
    }

    @Test
    void aFailedRequestInsideDoesNotSpoilTheRest() {
        int t = talk.begin(0);
        talk.says(0, t, XS_WRITE, "/bad//path|1", "!EINVAL")
                .says(0, t, XS_WRITE, "/a|2", "OK|")
                .says(0, t, XS_TRANSACTION_END, "T|", "OK|")
                .says(0, XS_READ, "/a|", "2");
    }

    @Test
    void watchesFireAtTheCommitAndOncePerNode() {
        talk.says(0, XS_WATCH, "/a|t|", "OK|");
        assertThat(talk.events(0)).containsExactly("/a|t|");
        int t = talk.begin(0);
        talk.says(0, t, XS_WRITE, "/a|2", "OK|").says(0, t, XS_WRITE, "/a|3", "OK|");
        assertThat(talk.events(0)).isEmpty();
        talk.says(0, t, XS_TRANSACTION_END, "T|", "OK|");
        assertThat(talk.events(0)).containsExactly("/a|t|");
    }

    @Test
    void resettingWatchesEndsTransactions() {
        int t = talk.begin(7);
        talk.says(7, XS_RESET_WATCHES, "|", "OK|")
                .says(7, t, XS_TRANSACTION_END, "T|", "!ENOENT");
    }
}
