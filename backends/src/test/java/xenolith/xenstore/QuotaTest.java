package xenolith.xenstore;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.XsWire.*;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class QuotaTest {
    private final Talk talk = new Talk(new Quota(10, 3, 2, 16, 3, 5, 20, 8));

    @BeforeEach
    void aHomeForDomain7() {
        talk.says(0, XS_MKDIR, "/local/domain/7|", "OK|").says(0, XS_SET_PERMS, "/local/domain/7|n7|", "OK|");
    }

    @Test
    void aGuestOwnsAtMostItsNumberOfNodes() {
        for (int i = 1; i < 10; i++) {
            talk.says(7, XS_WRITE, "n" + i + "|", "OK|");
        }
        talk.says(7, XS_WRITE, "n10|", "!ENOSPC")
                .says(7, XS_WRITE, "n9|again", "OK|")
                .says(7, XS_RM, "n1|", "OK|")
                .says(7, XS_WRITE, "a/b|", "!ENOSPC")
                .says(7, XS_WRITE, "a|", "OK|")
                .says(0, XS_WRITE, "/local/domain/7/by-dom0|", "OK|")
                .says(0, XS_CONTROL, "check|", "OK|");
    }

    @Test
    void nodesGivenToADomainCountAsItsOwn() {
        for (int i = 1; i < 10; i++) {
            talk.says(0, XS_WRITE, "/gift/n" + i + "|", "OK|")
                    .says(0, XS_SET_PERMS, "/gift/n" + i + "|n7|", "OK|");
        }
        talk.says(7, XS_WRITE, "a|", "!ENOSPC")
                .says(0, XS_SET_PERMS, "/gift/n1|n0|", "OK|")
                .says(7, XS_WRITE, "a|", "OK|");
    }

    @Test
    void nodesMadeInATransactionCountAtOnce() {
        int t = talk.begin(7);
        talk.says(7, t, XS_WRITE, "a/b/c/d/e/f/g/h/i|", "OK|")
                .says(7, t, XS_WRITE, "j|", "!ENOSPC")
                .says(7, t, XS_TRANSACTION_END, "F|", "OK|")
                .says(7, XS_WRITE, "j|", "OK|");
    }

    @Test
    void twoTransactionsTogetherDoNotExceedTheNumberOfNodes() {
        int t1 = talk.begin(7);
        int t2 = talk.begin(7);
        talk.says(7, t1, XS_WRITE, "a/b/c/d/e|", "OK|")
                .says(7, t2, XS_WRITE, "v/w/x/y/z|", "OK|")
                .says(7, t1, XS_TRANSACTION_END, "T|", "OK|")
                .says(7, t2, XS_TRANSACTION_END, "T|", "!EAGAIN");
    }

    @Test
    void aValueIsAtMostSoLong() {
        talk.says(7, XS_WRITE, "v|0123456789abcdef", "OK|")
                .says(7, XS_WRITE, "v|0123456789abcdef!", "!ENOSPC")
                .says(7, XS_READ, "v|", "0123456789abcdef")
                .says(0, XS_WRITE, "/v|0123456789abcdef!", "OK|");
    }

    @Test
    void aGuestHasAtMostItsNumberOfWatches() {
        talk.says(7, XS_WATCH, "a|1|", "OK|")
                .says(7, XS_WATCH, "a|1|", "!EEXIST")
                .says(7, XS_WATCH, "a|2|", "OK|")
                .says(7, XS_WATCH, "a|3|", "OK|")
                .says(7, XS_WATCH, "a|4|", "!E2BIG")
                .says(7, XS_UNWATCH, "a|2|", "OK|")
                .says(7, XS_WATCH, "a|4|", "OK|")
                .says(7, XS_RESET_WATCHES, "|", "OK|")
                .says(7, XS_WATCH, "a|5|", "OK|");
    }

    @Test
    void aGuestHasAtMostItsNumberOfOpenTransactions() {
        int t = talk.begin(7);
        talk.begin(7);
        talk.says(7, XS_TRANSACTION_START, "|", "!ENOSPC")
                .says(7, t, XS_TRANSACTION_END, "F|", "OK|");
        assertThat(talk.begin(7)).isPositive();
        for (int i = 0; i < 10; i++) {
            assertThat(talk.begin(0)).isPositive();
        }
    }

    @Test
    void aTransactionTouchesAtMostItsNumberOfNodes() {
        int t = talk.begin(7);
        for (int i = 0; i < 5; i++) {
            talk.says(7, t, XS_READ, "n" + i + "|", "!ENOENT");
        }
        talk.says(7, t, XS_READ, "n5|", "!ENOSPC").says(7, t, XS_READ, "n0|", "!ENOENT");
    }

    @Test
    void aTransactionMakesAtMostItsNumberOfChanges() {
        int t = talk.begin(7);
        for (int i = 0; i < 5; i++) {
            talk.says(7, t, XS_WRITE, "n|" + i, "OK|");
        }
        talk.says(7, t, XS_WRITE, "n|6", "!ENOSPC").says(7, t, XS_TRANSACTION_END, "T|", "OK|");
    }

    @Test
    void aNodeHasAtMostItsNumberOfPermissions() {
        talk.says(7, XS_WRITE, "p|", "OK|")
                .says(7, XS_SET_PERMS, "p|n7|r1|r2|", "OK|")
                .says(7, XS_SET_PERMS, "p|n7|r1|r2|r3|", "!ENOSPC");
    }

    @Test
    void eventsBeyondTheLimitAreNoticed() {
        talk.says(7, XS_WATCH, "w|t|", "OK|");
        talk.events(7);
        for (int i = 0; i < 8; i++) {
            talk.says(0, XS_WRITE, "/local/domain/7/w/" + i + "|", "OK|");
            talk.says(0, XS_SET_PERMS, "/local/domain/7/w/" + i + "|n0|r7|", "OK|");
        }
        assertThat(talk.connection(7).output().overflowed()).isFalse();
        talk.says(0, XS_WRITE, "/local/domain/7/w/9|", "OK|");
        assertThat(talk.connection(7).output().overflowed()).isTrue();
    }

    @Test
    void pathsAreAtMostSoLong() {
        String longest = "x/".repeat(1023) + "yz";
        assertThat(longest).hasSize(2048);
        talk.says(7, XS_READ, longest + "|", "!ENOENT")
                .says(7, XS_READ, longest + "w|", "!EINVAL")
                .says(7, XS_READ, "/local/domain/8/" + longest + "w|", "!EINVAL")
                .says(0, XS_READ, "/" + "a".repeat(3071) + "|", "!ENOENT")
                .says(0, XS_READ, "/" + "a".repeat(3072) + "|", "!EINVAL");
    }

    @Test
    void theDeepestPathOfAllIsServed() {
        String deepest = "/x".repeat(1536);
        talk.says(0, XS_WRITE, deepest + "|v", "OK|")
                .says(0, XS_READ, deepest + "|", "v")
                .says(0, XS_CONTROL, "check|", "OK|")
                .says(0, XS_RM, "/x|", "OK|")
                .says(0, XS_CONTROL, "check|", "OK|");
    }
}
