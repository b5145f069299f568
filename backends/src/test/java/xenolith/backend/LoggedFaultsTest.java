package xenolith.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.abi.io.XenbusState;

/// A guest that has a fault of ours come again and again does not fill the log.
@Timeout(60)
class LoggedFaultsTest {
    private static final int ROUNDS = 60;
    private static final int LOGGED = 10;

    private final DeviceId device = new DeviceId(FakeFrontend.DOMID, "vbd", 51712);
    private final Counter counter = new Counter();
    private final AtomicInteger calls = new AtomicInteger();
    private volatile boolean over;

    private static final class Counter extends Handler {
        private int count;

        @Override
        public synchronized void publish(LogRecord entry) {
            count++;
        }

        synchronized int count() {
            return count;
        }

        @Override
        public void flush() {
            // Nothing is kept.
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }

    /// One that likes no frontend.
    private static final class Refusing implements DeviceDriver {
        private volatile boolean faulty;

        @Override
        public void offer(DeviceNodes nodes) {
            // There is nothing to say.
        }

        @Override
        public void connect(DeviceNodes nodes, Consumer<String> onFault) throws FrontendException {
            if (faulty) {
                throw new IllegalStateException("on purpose");
            }
            throw new FrontendException("a bad ring");
        }

        @Override
        public void disconnect() {
            // Nothing is connected.
        }
    }

    /// One whose process has gone for good.
    private final class Faulty implements DeviceDriver {
        private final boolean everywhere;

        Faulty(boolean everywhere) {
            this.everywhere = everywhere;
        }

        @Override
        public void offer(DeviceNodes nodes) {
            calls.incrementAndGet();
            throw new IllegalStateException("no process");
        }

        @Override
        public void connect(DeviceNodes nodes, Consumer<String> onFault) {
            // It never comes to that.
        }

        @Override
        public void disconnect() {
            calls.incrementAndGet();
            if (everywhere && !over) {
                throw new IllegalStateException("nor an end");
            }
        }
    }

    @Test
    void aFaultThatComesAgainIsLoggedSoManyTimes() {
        assertThat(logged(false)).isEqualTo(2 * LOGGED);
    }

    @Test
    void soIsOneThatComesWhileTheDeviceIsClosed() {
        assertThat(logged(true)).isBetween(LOGGED, 3 * LOGGED);
    }

    @Test
    void aFaultOfOursIsLoggedAfterManyOfTheFrontends() {
        Refusing driver = new Refusing();
        Logger logger = Logger.getLogger(XenbusBackend.class.getName());
        logger.addHandler(counter);
        try (FakeFrontend frontend = new FakeFrontend(device);
                XenbusBackend backend = new XenbusBackend(frontend.toolstack, device, driver)) {
            backend.start();
            for (int i = 0; i < 2 * LOGGED; i++) {
                fail(frontend);
            }
            assertThat(frontend.backend("error")).isEqualTo("a bad ring");
            assertThat(counter.count()).isEqualTo(LOGGED);
            driver.faulty = true;
            fail(frontend);
            assertThat(frontend.backend("error")).startsWith("internal error");
            assertThat(counter.count()).as("where it comes from").isEqualTo(LOGGED + 1);
        } finally {
            logger.removeHandler(counter);
        }
    }

    private static void fail(FakeFrontend frontend) {
        frontend.go(XenbusState.INITIALISING);
        frontend.awaits(XenbusState.INIT_WAIT);
        frontend.go(XenbusState.CONNECTED);
        frontend.awaits(XenbusState.CLOSING);
    }

    /// How often something is said while the guest begins anew many times.
    private int logged(boolean everywhere) {
        Logger logger = Logger.getLogger(XenbusBackend.class.getName());
        logger.addHandler(counter);
        FakeFrontend frontend = new FakeFrontend(device);
        XenbusBackend backend = new XenbusBackend(frontend.toolstack, device, new Faulty(everywhere));
        try {
            backend.start();
            Eventually.is(true, () -> calls.get() > 0);
            for (int i = 0; i < ROUNDS; i++) {
                int before = calls.get();
                frontend.go(XenbusState.CLOSING);
                frontend.go(XenbusState.INITIALISING);
                Eventually.is(true, () -> calls.get() > before);
            }
            assertThat(frontend.backend("error")).startsWith("internal error: ");
        } finally {
            logger.removeHandler(counter);
            over = true;
            backend.close();
            frontend.close();
        }
        return counter.count();
    }
}
