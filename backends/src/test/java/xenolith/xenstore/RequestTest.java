package xenolith.xenstore;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.XsWire.*;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Requests outside transactions, one conversation for each law.
class RequestTest {
    private final Talk talk = new Talk();

    @BeforeEach
    void aHomeForDomain7() {
        talk.says(0, XS_MKDIR, "/local/domain/7|", "OK|")
                .says(0, XS_SET_PERMS, "/local/domain/7|n7|", "OK|");
    }

    @Test
    void aValueWrittenIsRead() {
        talk.says(7, XS_WRITE, "a/b|hello", "OK|")
                .says(7, XS_READ, "a/b|", "hello")
                .says(7, XS_READ, "/local/domain/7/a/b|", "hello")
                .says(7, XS_READ, "a|", "")
                .says(7, XS_WRITE, "a/b|", "OK|")
                .says(7, XS_READ, "a/b|", "")
                .says(7, XS_WRITE, "a/b|with|zeros|", "OK|")
                .says(7, XS_READ, "a/b|", "with|zeros|");
    }

    @Test
    void aDirectoryIsListedByLeafNames() {
        talk.says(7, XS_WRITE, "d/two|2", "OK|")
                .says(7, XS_WRITE, "d/one|1", "OK|")
                .says(7, XS_WRITE, "d/two/deep|3", "OK|")
                .says(7, XS_DIRECTORY, "d|", "one|two|")
                .says(7, XS_DIRECTORY, "d/one|", "");
    }

    @Test
    void whatIsMissingIsReportedAsMissing() {
        talk.says(7, XS_READ, "nothing|", "!ENOENT")
                .says(7, XS_DIRECTORY, "nothing|", "!ENOENT")
                .says(7, XS_GET_PERMS, "nothing|", "!ENOENT")
                .says(7, XS_SET_PERMS, "nothing|n7|", "!ENOENT")
                .says(7, XS_RM, "no/thing|", "!ENOENT")
                .says(7, XS_RM, "nothing|", "OK|");
    }

    @Test
    void whereOneMayNotReadOneDoesNotLearnWhatIsMissing() {
        talk.says(0, XS_WRITE, "/secret/a|x", "OK|")
                .says(7, XS_READ, "/secret/a|", "!EACCES")
                .says(7, XS_READ, "/secret/b|", "!EACCES")
                .says(7, XS_DIRECTORY, "/|", "!EACCES")
                .says(7, XS_DIRECTORY, "/local/domain|", "!EACCES")
                .says(7, XS_RM, "/secret/b|", "!EACCES");
    }

    @Test
    void mkdirMakesMissingParentsAndLeavesExistingValues() {
        talk.says(7, XS_MKDIR, "x/y/z|", "OK|")
                .says(7, XS_DIRECTORY, "x/y|", "z|")
                .says(7, XS_WRITE, "x/y/z|v", "OK|")
                .says(7, XS_MKDIR, "x/y/z|", "OK|")
                .says(7, XS_READ, "x/y/z|", "v");
    }

    @Test
    void rmRemovesAllBelow() {
        talk.says(7, XS_WRITE, "x/y/z|v", "OK|")
                .says(7, XS_RM, "x|", "OK|")
                .says(7, XS_READ, "x/y/z|", "!ENOENT")
                .says(7, XS_READ, "x|", "!ENOENT");
    }

    @Test
    void theRootCannotBeRemoved() {
        talk.says(0, XS_RM, "/|", "!EINVAL").says(0, XS_DIRECTORY, "/|", "local|");
    }

    @Test
    void aGuestOwnsWhatItMakesAndOthersInheritTheParentsRules() {
        talk.says(0, XS_WRITE, "/shared|x", "OK|")
                .says(0, XS_SET_PERMS, "/shared|r0|w7|", "OK|")
                .says(7, XS_WRITE, "/shared/mine|y", "OK|")
                .says(0, XS_GET_PERMS, "/shared/mine|", "r7|w7|")
                .says(8, XS_READ, "/shared/mine|", "y")
                .says(8, XS_WRITE, "/shared/mine|z", "!EACCES")
                .says(0, XS_WRITE, "/shared/yours|y", "OK|")
                .says(0, XS_GET_PERMS, "/shared/yours|", "r0|w7|");
    }

    @Test
    void permissionsGovernReadingAndWriting() {
        talk.says(7, XS_WRITE, "p|v", "OK|")
                .says(8, XS_READ, "/local/domain/7/p|", "!EACCES")
                .says(7, XS_SET_PERMS, "p|n7|r8|", "OK|")
                .says(8, XS_READ, "/local/domain/7/p|", "v")
                .says(8, XS_WRITE, "/local/domain/7/p|w", "!EACCES")
                .says(9, XS_READ, "/local/domain/7/p|", "!EACCES")
                .says(7, XS_SET_PERMS, "p|r7|w8|n9|", "OK|")
                .says(8, XS_READ, "/local/domain/7/p|", "!EACCES")
                .says(8, XS_WRITE, "/local/domain/7/p|w", "OK|")
                .says(9, XS_READ, "/local/domain/7/p|", "!EACCES")
                .says(10, XS_READ, "/local/domain/7/p|", "w")
                .says(7, XS_SET_PERMS, "p|b7|", "OK|")
                .says(10, XS_WRITE, "/local/domain/7/p|x", "OK|")
                .says(0, XS_READ, "/local/domain/7/p|", "x");
    }

    @Test
    void onlyTheOwnerSetsPermissionsAndOnlyDom0GivesNodesAway() {
        talk.says(7, XS_WRITE, "p|v", "OK|")
                .says(7, XS_SET_PERMS, "p|b7|", "OK|")
                .says(8, XS_SET_PERMS, "/local/domain/7/p|b8|", "!EACCES")
                .says(7, XS_SET_PERMS, "p|b8|", "!EPERM")
                .says(0, XS_SET_PERMS, "/local/domain/7/p|n8|", "OK|")
                .says(8, XS_GET_PERMS, "/local/domain/7/p|", "n8|")
                .says(7, XS_GET_PERMS, "p|", "!EACCES");
    }

    @Test
    void aTargetLendsItsRights() {
        talk.says(7, XS_WRITE, "p|v", "OK|")
                .says(8, XS_READ, "/local/domain/7/p|", "!EACCES")
                .says(0, XS_SET_TARGET, "8|7|", "OK|")
                .says(8, XS_READ, "/local/domain/7/p|", "v")
                .says(8, XS_WRITE, "/local/domain/7/p|w", "OK|");
    }

    @Test
    void malformedRequestsAreInvalid() {
        talk.says(7, XS_READ, "", "!EINVAL")
                .says(7, XS_READ, "a", "!EINVAL")
                .says(7, XS_READ, "|", "!EINVAL")
                .says(7, XS_READ, "a|b|", "!EINVAL")
                .says(7, XS_WRITE, "no end", "!EINVAL")
                .says(7, XS_SET_PERMS, "a|", "!EINVAL")
                .says(7, XS_SET_PERMS, "a|x7|", "!EINVAL")
                .says(7, XS_SET_PERMS, "a|r|", "!EINVAL")
                .says(7, XS_SET_PERMS, "a|r70000|", "!EINVAL")
                .says(7, XS_WATCH, "a|", "!EINVAL")
                .says(7, XS_WATCH, "a|t|-1|", "!EINVAL")
                .says(7, XS_UNWATCH, "a|", "!EINVAL")
                .says(7, XS_TRANSACTION_END, "X|", "!EINVAL")
                .says(7, XS_GET_DOMAIN_PATH, "seven|", "!EINVAL")
                .says(7, XS_GET_DOMAIN_PATH, "99999|", "!EINVAL")
                .says(7, XS_DIRECTORY_PART, "a|", "!EINVAL")
                .says(0, XS_CONTROL, "|", "!EINVAL");
    }

    @Test
    void badPathsAreInvalid() {
        for (String path : new String[] {"a//b", "a/", "//a", "/a/", "a b", "a.b", "a:b", "é"}) {
            talk.says(7, XS_WRITE, path + "|x", "!EINVAL");
        }
    }

    @Test
    void unknownOperationsAreNotImplemented() {
        talk.says(7, 20, "|", "!ENOSYS")
                .says(7, XS_WATCH_EVENT, "a|b|", "!ENOSYS")
                .says(7, XS_ERROR, "|", "!ENOSYS")
                .says(7, 12345, "|", "!ENOSYS")
                .says(7, -1, "|", "!ENOSYS");
    }

    @Test
    void aDomainsPathIsToldToAnyone() {
        talk.says(7, XS_GET_DOMAIN_PATH, "0042|", "/local/domain/42|");
    }

    @Test
    void guestsDoNotManageDomains() {
        talk.says(7, XS_INTRODUCE, "8|100|1|", "!EACCES")
                .says(7, XS_RELEASE, "8|", "!EACCES")
                .says(7, XS_RESUME, "8|", "!EACCES")
                .says(7, XS_SET_TARGET, "7|0|", "!EACCES")
                .says(7, XS_IS_DOMAIN_INTRODUCED, "8|", "!EACCES")
                .says(7, XS_CONTROL, "check|", "!EACCES");
        assertThat(talk.domains().calls).isEmpty();
    }

    @Test
    void dom0ManagesDomains() {
        talk.says(0, XS_IS_DOMAIN_INTRODUCED, "7|", "F|")
                .says(7, XS_WRITE, "a|b", "OK|")
                .says(0, XS_IS_DOMAIN_INTRODUCED, "7|", "T|")
                .says(0, XS_INTRODUCE, "8|100|1||", "OK|")
                .says(0, XS_RESUME, "8|", "OK|")
                .says(0, XS_RELEASE, "8|", "OK|");
        assertThat(talk.domains().calls).containsExactly("introduce 8 100 1", "resume 8", "release 8");
    }

    @Test
    void theStoreChecksItselfForDom0() {
        talk.says(0, XS_CONTROL, "check|", "OK|")
                .says(0, XS_CONTROL, "help|", "check|help|print <string>|quota [set <name> <val>|<domid>]|")
                .says(0, XS_CONTROL, "print|hello|", "OK|")
                .says(0, XS_CONTROL, "print|", "!EINVAL")
                .says(0, XS_CONTROL, "reboot|", "!ENOSYS");
        assertThat(talk.domains().calls).containsExactly("print hello");
    }

    @Test
    void aQuotaIsShownAndChangedWhileGuestsLiveWithIt() {
        assertThat(talk.ask(0, 0, XS_CONTROL, "quota|")).contains("nodes            :     1000 Nodes per domain\n")
                .contains("outstanding      :       20 ").contains("events           :     2048 ").endsWith("\n|");
        talk.says(7, XS_WRITE, "a|1", "OK|")
                .says(0, XS_CONTROL, "quota|set|nodes|3|", "OK|")
                .says(7, XS_WRITE, "b|2", "OK|")
                .says(7, XS_WRITE, "c|3", "!ENOSPC")
                .says(7, XS_WRITE, "a|still", "OK|")
                .says(0, XS_CONTROL, "quota|set|node-size|2|", "OK|")
                .says(7, XS_WRITE, "a|too long", "!ENOSPC")
                .says(7, XS_WATCH, "a|t|", "OK|")
                .says(0, XS_CONTROL, "quota|set|watches|1|", "OK|")
                .says(7, XS_WATCH, "b|t|", "!E2BIG")
                .says(7, XS_CONTROL, "quota|set|watches|2|", "!EACCES");
        assertThat(talk.ask(0, 0, XS_CONTROL, "quota|7|")).startsWith("Domain 7:\nnodes            :        3\n")
                .contains("watches          :        1\n").contains("transactions     :        0\n");
        for (String words : List.of("quota|set|nodes|0|", "quota|set|nodes|", "quota|set|colour|7|", "quota|set|nodes|x|",
                "quota|x|", "quota|7|8|")) {
            talk.says(0, XS_CONTROL, words, "!EINVAL");
        }
        talk.says(0, XS_CONTROL, "quota|99|", "!ENOENT").says(0, XS_CONTROL, "check|", "OK|");
    }

    @Test
    void aListTooLongForAMessageIsReadInParts() {
        StringBuilder expected = new StringBuilder();
        for (int i = 100; i < 900; i++) {
            talk.says(0, XS_WRITE, "/many/child-" + i + "|", "OK|");
            expected.append("child-").append(i).append('|');
        }
        talk.says(0, XS_DIRECTORY, "/many|", "!E2BIG");
        StringBuilder read = new StringBuilder();
        boolean end = false;
        String generation = null;
        while (!end) {
            String part = talk.ask(0, 0, XS_DIRECTORY_PART, "/many|" + read.length() + "|");
            assertThat(part.length()).isLessThanOrEqualTo(XENSTORE_PAYLOAD_MAX);
            int bar = part.indexOf('|');
            assertThat(generation == null ? part.substring(0, bar) : generation).isEqualTo(part.substring(0, bar));
            generation = part.substring(0, bar);
            String names = part.substring(bar + 1);
            end = names.equals("|") || names.endsWith("||");
            read.append(names, 0, end ? names.length() - 1 : names.length());
        }
        assertThat(read).hasToString(expected.toString());
        talk.says(0, XS_DIRECTORY_PART, "/many|1000000|", generation + "||");
    }

    @Test
    void aDeadDomainsNodesAndRightsAreForgotten() {
        talk.says(0, XS_WRITE, "/shared|x", "OK|")
                .says(0, XS_SET_PERMS, "/shared|n0|b7|r8|", "OK|")
                .says(7, XS_WRITE, "/shared/of7/below|y", "OK|")
                .says(0, XS_RELEASE, "7|", "OK|")
                .says(0, XS_GET_PERMS, "/shared|", "n0|r8|")
                .says(0, XS_DIRECTORY, "/shared|", "")
                .says(0, XS_READ, "/local/domain/7|", "!ENOENT")
                .says(0, XS_CONTROL, "check|", "OK|");
    }
}
