package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Both ends of one store: the guest's by `/dev/xen/xenbus` (`integration/guests/tools/xs.c`), ours by the command.
@Timeout(400)
class GuestXenstoreIT {
    private static final String DATA = "/local/domain/1/data";

    @Test
    void whatOneSideWritesTheOtherReads() throws Exception {
        try (LiveGuest guest = LiveGuest.start("both", """
                xs write data/theirs from-the-guest
                echo ready
                until xs read data/ours 2>/dev/null; do sleep 0.2; done
                xs list /local/domain/1/data
                xs perms data/theirs
                echo done
                sleep 1000
                """)) {
            guest.await("ready");
            assertThat(guest.store("read", DATA + "/theirs")).isEqualTo("from-the-guest\n");
            guest.store("write", DATA + "/ours", "from-outside");
            guest.await("from-outside\n");
            guest.await("ours\ntheirs\nn1\ndone\n");
        }
    }

    @Test
    void aWatchOfTheGuestHearsOfChangesFromOutside() throws Exception {
        try (LiveGuest guest = LiveGuest.start("watch", "xs watch data 3; echo enough; sleep 1000")) {
            // The first event tells that the watch exists.
            guest.await("data = \n");
            guest.store("write", DATA + "/x", "1");
            guest.await("data/x = 1\n");
            guest.store("rm", DATA + "/x");
            guest.await("data/x\n");
            guest.await("enough");
        }
    }

    @Test
    void theGuestIsHeldToItsRightsAndItsQuotas() throws Exception {
        String output = Guest.with(Kernel.CLOUD).output("""
                xs write /local/domain/0/name hacked 2>&1
                xs read /vm 2>&1
                xs write /local/domain/1/name other 2>&1
                xs chmod data n0 r1 2>&1
                xs write data/big $(head -c 2049 /dev/zero | tr '\\0' x) 2>&1
                xs open 11 2>&1
                made=$(xs fill data/n 1100 2>&1)
                [ ${made%%[!0-9]*} -gt 900 ] && [ ${made%%[!0-9]*} -lt 1000 ] && echo "${made##* }"
                xs rm data/n0 && xs write data/n0 x && echo "room again"
                """);
        assertThat(output.lines()).containsExactly("/local/domain/0/name: EACCES", "/vm: EACCES",
                "/local/domain/1/name: EACCES", "data: EPERM", "data/big: ENOSPC", "open: ENOSPC", "ENOSPC",
                "room again");
    }

    /// Each adds one to the same number, over and over, in transactions: none is lost, whoever had to try again.
    @Test
    void noSumIsLostWhereTransactionsMeet() throws Exception {
        try (LiveGuest guest = LiveGuest.start("sum", """
                xs write data/sum 0
                for i in 1 2 3; do xs add data/sum 200 & done
                wait
                echo "sum $(xs read data/sum)"
                sleep 1000
                """, "--vcpus", "2")) {
            guest.await("sum 600\n");
            assertThat(guest.store("read", DATA + "/sum")).isEqualTo("600\n");
        }
    }
}
