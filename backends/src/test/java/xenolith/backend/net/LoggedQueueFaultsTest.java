package xenolith.backend.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Filter;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.abi.io.XenbusState;

/// A guest that has a fault of ours come by each new connection does not fill the log.
@Timeout(60)
class LoggedQueueFaultsTest {
    private static final int ROUNDS = 15;
    private static final int LOGGED = 10;

    @Test
    void aFaultThatComesWithEachConnectionIsLoggedSoManyTimes() {
        AtomicInteger logged = new AtomicInteger();
        Logger logger = Logger.getLogger(NetQueue.class.getName());
        Filter before = logger.getFilter();
        logger.setFilter(_ -> {
            logged.incrementAndGet();
            return false;
        });
        try (NetFrontend guest = NetFrontend.plain()) {
            guest.link.inDescriptor = new OutOfMemoryError("of a test");
            for (int i = 0; i < ROUNDS; i++) {
                guest.xenbus.go(XenbusState.INITIALISING);
                guest.xenbus.awaits(XenbusState.INIT_WAIT);
                guest.rings();
                // Where no page is posted nobody asks for the descriptor.
                guest.post(1);
                guest.xenbus.go(XenbusState.CONNECTED);
                guest.xenbus.awaits(XenbusState.CLOSING);
                assertThat(guest.xenbus.backend("error")).contains("of a test");
            }
        } finally {
            logger.setFilter(before);
        }
        assertThat(logged.get()).isEqualTo(LOGGED);
    }
}
