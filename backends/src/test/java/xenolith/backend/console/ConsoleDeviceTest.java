package xenolith.backend.console;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.abi.io.XenbusState;
import xenolith.backend.DeviceId;
import xenolith.backend.DeviceNodes;
import xenolith.backend.Eventually;
import xenolith.backend.FakeDomain;
import xenolith.backend.FakeFrontend;
import xenolith.backend.GuestRing;
import xenolith.backend.XenbusBackend;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// A console whose page the guest's driver grants, with a driver that is played by the test.
@Timeout(60)
class ConsoleDeviceTest {
    private static final int REF = 9;
    private static final int PORT = 5;

    private final DeviceId id = new DeviceId(FakeFrontend.DOMID, "console", 1);
    private final FakeFrontend frontend = new FakeFrontend(id);
    private final FakeDomain domain = new FakeDomain();
    private final ByteArrayOutputStream seen = new ByteArrayOutputStream();
    private final ConsoleDevice device = new ConsoleDevice("test", domain, this::print);
    private final OutputStream input = device.input();
    private final XenbusBackend backend = new XenbusBackend(frontend.toolstack, id, device);
    private MemorySegment page;

    private synchronized void print(byte[] bytes, int offset, int byteLength) {
        seen.write(bytes, offset, byteLength);
    }

    private synchronized String seen() {
        return seen.toString(US_ASCII);
    }

    @BeforeEach
    void start() {
        domain.port(PORT);
        backend.start();
    }

    @AfterEach
    void end() {
        backend.close();
        device.close();
        frontend.close();
        assertThat(domain.mapped()).isZero();
    }

    private void connect() {
        page = domain.grant(REF, false);
        frontend.awaits(XenbusState.INIT_WAIT);
        frontend.write("ring-ref", REF).write("port", PORT);
        frontend.connect();
    }

    private GuestRing guestIn() {
        return new GuestRing(page, 0, 1024, 3072, 3076);
    }

    private GuestRing guestOut() {
        return new GuestRing(page, 1024, 2048, 3080, 3084);
    }

    private void guestPrints(String text) {
        guestOut().put(text.getBytes(US_ASCII), 0, text.length());
        domain.port(PORT).send();
    }

    private CompletableFuture<Void> typed(String text) {
        return CompletableFuture.runAsync(() -> {
            try {
                input.write(text.getBytes(US_ASCII));
            } catch (IOException e) {
                throw new IllegalStateException(e.getMessage(), e);
            }
        });
    }

    @Test
    void bytesGoBothWays() throws Exception {
        connect();
        guestPrints("to the host");
        Eventually.is("to the host", this::seen);
        typed("to the guest").get();
        Eventually.is(12, () -> guestIn().used());
        assertThat(new String(guestIn().take(), US_ASCII)).isEqualTo("to the guest");
        assertThat(device.counters()).containsEntry("out_bytes", 11L).containsEntry("in_bytes", 12L);
    }

    @Test
    void whatIsWrittenBeforeTheDriverComesWaitsForIt() throws Exception {
        CompletableFuture<Void> early = typed("early");
        connect();
        early.get();
        Eventually.is(5, () -> guestIn().used());
        assertThat(new String(guestIn().take(), US_ASCII)).isEqualTo("early");
    }

    @Test
    void aDriverThatIsLoadedAgainGoesOn() throws Exception {
        connect();
        guestPrints("one ");
        Eventually.is("one ", this::seen);
        frontend.go(XenbusState.CLOSED);
        frontend.awaits(XenbusState.CLOSED);
        assertThat(domain.mapped()).isZero();
        CompletableFuture<Void> between = typed("between");
        frontend.go(XenbusState.INITIALISING);
        connect();
        guestPrints("two");
        Eventually.is("one two", this::seen);
        between.get();
        Eventually.is(7, () -> guestIn().used());
    }

    @Test
    void aWriterWhoWaitsForAGuestThatReadsNothingGoesOnWithTheNextDriver() throws Exception {
        connect();
        CompletableFuture<Void> much = typed("x".repeat(8000));
        Eventually.is(1024, () -> guestIn().used());
        frontend.go(XenbusState.CLOSED);
        frontend.awaits(XenbusState.CLOSED);
        frontend.go(XenbusState.INITIALISING);
        connect();
        much.get();
    }

    @Test
    void theEndEndsWhoWaits() {
        CompletableFuture<Void> never = typed("never");
        backend.close();
        device.close();
        assertThatThrownBy(never::get).isInstanceOf(ExecutionException.class).hasMessageContaining("is closed");
    }

    @Test
    void whatTheFrontendWritesMustBeTrue() {
        frontend.awaits(XenbusState.INIT_WAIT);
        frontend.write("ring-ref", 77).write("port", PORT).go(XenbusState.INITIALISED);
        frontend.awaits(XenbusState.CLOSING);
        assertThat(frontend.backend("error")).isEqualTo("'ring-ref' is no page that is granted to us: GNTST -3");
        domain.grant(REF, false);
        frontend.go(XenbusState.INITIALISING);
        frontend.awaits(XenbusState.INIT_WAIT);
        frontend.write("ring-ref", REF).write("port", 66).go(XenbusState.INITIALISED);
        frontend.awaits(XenbusState.CLOSING);
        assertThat(frontend.backend("error")).isEqualTo("'port' is no port that waits for us");
    }

    /// A host that has no room for another bell, say.
    @Test
    void aPortThatCannotBeHeardIsGivenBackWithTheRing() {
        domain.grant(REF, false);
        AtomicBoolean closed = new AtomicBoolean();
        ConsoleDevice other = new ConsoleDevice("other", new DeafDomain(domain, closed), this::print);
        assertThatThrownBy(() -> other.connect(new Answers(), _ -> { })).hasMessage("on purpose");
        assertThat(domain.mapped()).isZero();
        assertThat(closed).isTrue();
    }

    private static final class Answers extends DeviceNodes {
        @Override
        public void write(String name, String value) {
            throw new IllegalStateException(name);
        }

        @Override
        public Optional<String> read(String name) {
            return Optional.of(Integer.toString(name.equals("port") ? PORT : REF));
        }
    }

    private record DeafDomain(FakeDomain domain, AtomicBoolean closed) implements DeviceAccess {
        @Override
        public GrantAccess grants() {
            return domain.grants();
        }

        @Override
        public Optional<EventPort> bind(int guestPort) {
            return Optional.of(new EventPort() {
                @Override
                public void notifyGuest() {
                    // Nobody listens.
                }

                @Override
                public void onNotification(Runnable listener) {
                    throw new IllegalStateException("on purpose");
                }

                @Override
                public void close() {
                    closed.set(true);
                }
            });
        }
    }

    @Test
    void aRingInAPageThatWasAPageTableAMomentAgoIsWaitedFor() {
        domain.busyFor(5);
        connect();
        assertThat(domain.busyFor()).isZero();
        guestPrints("soon");
        Eventually.is("soon", this::seen);
    }

    @Test
    void aRingThatLiesClosesTheDevice() {
        connect();
        guestOut().prod(guestOut().cons() + 5000);
        domain.port(PORT).send();
        frontend.awaits(XenbusState.CLOSING);
        assertThat(frontend.backend("error")).contains("'out' ring cannot be true");
        assertThat(domain.mapped()).isZero();
    }
}
