package xenolith.xenstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static xenolith.abi.io.XsWire.*;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WatchTest {
    private static final long ENOUGH_BYTES = 1 << 20;

    private final Talk talk = new Talk();

    @BeforeEach
    void aHomeForDomain7() {
        talk.says(0, XS_WRITE, "/local/domain/7/device/vif|", "OK|")
                .says(0, XS_SET_PERMS, "/local/domain/7|n7|", "OK|")
                .says(0, XS_SET_PERMS, "/local/domain/7/device|n7|", "OK|")
                .says(0, XS_SET_PERMS, "/local/domain/7/device/vif|n7|", "OK|");
    }

    @Test
    void aWatchFiresAtOnceWhetherItsNodeExistsOrNot() {
        talk.says(7, XS_WATCH, "device|tok|", "OK|").says(7, XS_WATCH, "not/there|tok|", "OK|");
        assertThat(talk.events(7)).containsExactly("device|tok|", "not/there|tok|");
    }

    @Test
    void aWatchHearsOfItsNodeAndOfAllBelowByTheirOwnPaths() {
        watch(7, "device|tok|");
        talk.says(7, XS_WRITE, "device|x", "OK|")
                .says(7, XS_WRITE, "device/vif/0/state|1", "OK|")
                .says(7, XS_WRITE, "other|x", "OK|");
        assertThat(talk.events(7)).containsExactly("device|tok|", "device/vif/0/state|tok|");
    }

    @Test
    void anAbsoluteWatchIsToldAbsolutePaths() {
        watch(7, "/local/domain/7/device|tok|");
        talk.says(7, XS_WRITE, "device/vif|x", "OK|");
        assertThat(talk.events(7)).containsExactly("/local/domain/7/device/vif|tok|");
    }

    @Test
    void anothersChangeIsHeardToo() {
        watch(7, "device|tok|");
        talk.says(0, XS_WRITE, "/local/domain/7/device/vif/0|x", "OK|");
        assertThat(talk.events(7)).containsExactly("device/vif/0|tok|");
    }

    @Test
    void aSiblingWhoseNameStartsAlikeIsNotHeard() {
        watch(7, "device|tok|");
        talk.says(7, XS_WRITE, "device-model|x", "OK|");
        assertThat(talk.events(7)).isEmpty();
    }

    @Test
    void removingANodeIsHeardAboveByItsPathAndBelowByTheWatchedPath() {
        talk.says(7, XS_WRITE, "device/vif/0/state|1", "OK|");
        watch(7, "device|above|");
        watch(7, "device/vif/0/state|below|");
        watch(7, "device/vif/0/none|missing|");
        talk.says(7, XS_RM, "device/vif|", "OK|");
        assertThat(talk.events(7)).containsExactly("device/vif|above|", "device/vif/0/state|below|");
    }

    @Test
    void removingWhatIsNotThereIsNotHeard() {
        watch(7, "device|tok|");
        talk.says(7, XS_RM, "device/nothing|", "OK|").says(7, XS_MKDIR, "device/vif|", "OK|");
        assertThat(talk.events(7)).isEmpty();
    }

    @Test
    void aNodeRemovedAndRemadeInOneTransactionIsGoneForTheWatchersBelow() {
        talk.says(7, XS_WRITE, "device/vif/0|1", "OK|");
        watch(7, "device/vif/0|tok|");
        int t = talk.begin(7);
        talk.says(7, t, XS_RM, "device/vif|", "OK|")
                .says(7, t, XS_MKDIR, "device/vif|", "OK|")
                .says(7, t, XS_TRANSACTION_END, "T|", "OK|");
        assertThat(talk.events(7)).containsExactly("device/vif/0|tok|");
    }

    @Test
    void aChangeOfPermissionsIsHeard() {
        watch(7, "device|tok|");
        talk.says(7, XS_SET_PERMS, "device/vif|r7|", "OK|");
        assertThat(talk.events(7)).containsExactly("device/vif|tok|");
    }

    /// `Aa` and `BB` have one hash.
    @Test
    void aPathOfTheSameHashIsAnother() {
        talk.says(7, XS_WRITE, "device/Aa/x|1", "OK|").says(7, XS_WRITE, "device/BB/x|1", "OK|");
        watch(7, "device/Aa|tok|");
        watch(7, "device/Aa/x|below|");
        talk.says(7, XS_WRITE, "device/BB/x|2", "OK|").says(7, XS_RM, "device/BB|", "OK|");
        assertThat(talk.events(7)).isEmpty();
        talk.says(7, XS_UNWATCH, "device/BB|tok|", "!ENOENT").says(7, XS_RM, "device/Aa|", "OK|");
        assertThat(talk.events(7)).containsExactly("device/Aa|tok|", "device/Aa/x|below|");
    }

    /// Were a text made of each ancestor, it would be some megabytes, under the store's lock.
    @Test
    void aPathOfNineHundredNamesCostsNoMoreThanItsLength() {
        String deep = "a" + "/a".repeat(899);
        talk.says(7, XS_WRITE, deep + "|1", "OK|");
        watch(7, deep + "|tok|");
        assertThat(allocatedBy(() -> talk.says(7, XS_WRITE, deep + "|2", "OK|"))).as("bytes").isLessThan(ENOUGH_BYTES);
        assertThat(talk.events(7)).containsExactly(deep + "|tok|");
        assertThat(allocatedBy(() -> talk.says(7, XS_RM, "a|", "OK|"))).as("bytes").isLessThan(ENOUGH_BYTES);
        assertThat(talk.events(7)).containsExactly(deep + "|tok|");
    }

    private static long allocatedBy(Runnable work) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        assumeTrue(threads.isThreadAllocatedMemorySupported(), "this JVM does not count what threads allocate");
        long self = Thread.currentThread().threadId();
        long before = threads.getThreadAllocatedBytes(self);
        work.run();
        return threads.getThreadAllocatedBytes(self) - before;
    }

    @Test
    void depthLimitsHowFarBelowIsHeard() {
        watch(7, "device|zero|0|");
        watch(7, "device|one|1|");
        watch(7, "device|all||");
        talk.says(7, XS_WRITE, "device/vif|x", "OK|").says(7, XS_WRITE, "device/vif/0|x", "OK|");
        assertThat(talk.events(7)).containsExactly("device/vif|one|", "device/vif|all|", "device/vif/0|all|");
    }

    @Test
    void whatOneMayNotReadIsNotHeard() {
        watch(8, "/local/domain/7|tok|");
        talk.says(7, XS_WRITE, "secret|x", "OK|").says(7, XS_RM, "secret|", "OK|");
        assertThat(talk.events(8)).isEmpty();
        talk.says(7, XS_WRITE, "open|x", "OK|").says(7, XS_SET_PERMS, "open|r7|", "OK|");
        assertThat(talk.events(8)).containsExactly("/local/domain/7/open|tok|");
    }

    @Test
    void whoMayListTheParentHearsOfComingAndGoing() {
        talk.says(0, XS_SET_PERMS, "/local/domain/7/device|n7|r8|", "OK|");
        watch(8, "/local/domain/7/device|tok|");
        talk.says(0, XS_WRITE, "/local/domain/7/device/vbd|x", "OK|")
                .says(0, XS_SET_PERMS, "/local/domain/7/device/vbd|n0|", "OK|");
        talk.events(8);
        talk.says(0, XS_WRITE, "/local/domain/7/device/vbd|y", "OK|");
        assertThat(talk.events(8)).as("its value is none of its business").isEmpty();
        talk.says(0, XS_RM, "/local/domain/7/device/vbd|", "OK|");
        assertThat(talk.events(8)).containsExactly("/local/domain/7/device/vbd|tok|");
    }

    @Test
    void theSameWatchTwiceIsRefused() {
        watch(7, "device|tok|");
        talk.says(7, XS_WATCH, "device|tok|", "!EEXIST")
                .says(7, XS_WATCH, "device|other|", "OK|")
                .says(8, XS_WATCH, "/local/domain/7/device|tok|", "OK|");
    }

    @Test
    void unwatchEndsOneWatchOnly() {
        watch(7, "device|one|");
        watch(7, "device|two|");
        talk.says(7, XS_UNWATCH, "device|one|", "OK|")
                .says(7, XS_UNWATCH, "device|one|", "!ENOENT")
                .says(8, XS_UNWATCH, "/local/domain/7/device|two|", "!ENOENT")
                .says(7, XS_WRITE, "device|x", "OK|");
        assertThat(talk.events(7)).containsExactly("device|two|");
    }

    @Test
    void resetEndsAllWatchesOfTheCallerOnly() {
        watch(7, "device|tok|");
        watch(0, "/local|tok|");
        talk.says(7, XS_RESET_WATCHES, "|", "OK|").says(7, XS_WRITE, "device|x", "OK|");
        assertThat(talk.events(7)).isEmpty();
        assertThat(talk.events(0)).containsExactly("/local/domain/7/device|tok|");
    }

    @Test
    void aWatchOfTheRootHearsAll() {
        watch(0, "/|tok|");
        talk.says(7, XS_WRITE, "a|x", "OK|");
        assertThat(talk.events(0)).containsExactly("/local/domain/7/a|tok|");
    }

    @Test
    void specialWatchesHearOfDomainsAndGuestsOnlyIfTheyMay() {
        watch(0, "@introduceDomain|in|");
        watch(0, "@releaseDomain|out|");
        watch(7, "@releaseDomain|out|");
        watch(7, "@nonsense|x|");
        talk.store().fireSpecial(Path.INTRODUCE_DOMAIN);
        talk.store().fireSpecial(Path.RELEASE_DOMAIN);
        assertThat(talk.events(0)).containsExactly("@introduceDomain|in|", "@releaseDomain|out|");
        assertThat(talk.events(7)).isEmpty();
        talk.says(7, XS_SET_PERMS, "@releaseDomain|n0|r7|", "!EACCES")
                .says(0, XS_SET_PERMS, "@releaseDomain|n0|r7|", "OK|")
                .says(0, XS_GET_PERMS, "@releaseDomain|", "n0|r7|");
        talk.events(7);
        talk.store().fireSpecial(Path.RELEASE_DOMAIN);
        assertThat(talk.events(7)).containsExactly("@releaseDomain|out|");
    }

    @Test
    void specialNamesAreNoNodes() {
        talk.says(0, XS_DIRECTORY, "/|", "local|")
                .says(0, XS_READ, "@releaseDomain|", "!EINVAL")
                .says(0, XS_RM, "@releaseDomain|", "!EINVAL")
                .says(0, XS_SET_PERMS, "@nonsense|n0|", "!ENOENT")
                .says(0, XS_CONTROL, "check|", "OK|");
    }

    @Test
    void anEventThatWaitsAlreadyIsNotQueuedTwice() {
        watch(7, "device|tok|");
        for (int i = 0; i < 100; i++) {
            talk.says(0, XS_WRITE, "/local/domain/7/device/vif|" + i, "OK|");
        }
        assertThat(talk.events(7)).containsExactly("device/vif|tok|");
    }

    /// Registers a watch and takes its first event away.
    private void watch(int domid, String payload) {
        talk.says(domid, XS_WATCH, payload, "OK|");
        assertThat(talk.events(domid)).hasSize(1);
    }
}
