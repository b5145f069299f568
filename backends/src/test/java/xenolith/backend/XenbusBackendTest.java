package xenolith.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.XenbusState.CLOSED;
import static xenolith.abi.io.XenbusState.CLOSING;
import static xenolith.abi.io.XenbusState.CONNECTED;
import static xenolith.abi.io.XenbusState.INITIALISED;
import static xenolith.abi.io.XenbusState.INITIALISING;
import static xenolith.abi.io.XenbusState.INIT_WAIT;
import static xenolith.abi.io.XenbusState.RECONFIGURING;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.io.XenbusState;

@Timeout(60)
class XenbusBackendTest {
    private final DeviceId device = new DeviceId(FakeFrontend.DOMID, "vbd", 51712);
    private final FakeFrontend frontend = new FakeFrontend(device);
    private final Recorder driver = new Recorder();
    private final XenbusBackend backend = new XenbusBackend(frontend.toolstack, device, driver);

    /// Says what is asked of it, and refuses a ring called 0.
    private static final class Recorder implements DeviceDriver {
        final List<String> calls = new CopyOnWriteArrayList<>();
        volatile Consumer<String> onFault;
        volatile boolean connected;

        @Override
        public void offer(DeviceNodes nodes) {
            calls.add("offer");
            nodes.write("feature", 1);
        }

        @Override
        public void connect(DeviceNodes nodes, Consumer<String> fault) throws FrontendException {
            long ring = nodes.readNumber("ring-ref", 1, 0xFFFF_FFFFL).orElse(1L);
            if (ring == 13) {
                throw new IllegalStateException("thirteen");
            }
            calls.add("connect " + ring);
            assertThat(connected).as("connected twice").isFalse();
            connected = true;
            onFault = fault;
        }

        @Override
        public void describe(DeviceNodes nodes) {
            calls.add("describe");
        }

        @Override
        public void disconnect() {
            if (connected) {
                connected = false;
                calls.add("disconnect");
            }
        }
    }

    @BeforeEach
    void start() {
        backend.start();
    }

    @AfterEach
    void nothingStaysConnected() {
        backend.close();
        assertThat(driver.connected).isFalse();
        frontend.close();
    }

    @Test
    void aFrontendFindsTheOfferAndConnects() {
        frontend.awaits(INIT_WAIT);
        assertThat(frontend.backend("feature")).isEqualTo("1");
        frontend.write("ring-ref", 8).connect();
        assertThat(driver.calls).containsExactly("offer", "connect 8");
        assertThat(backend.state()).isEqualTo(CONNECTED);
    }

    @Test
    void aFrontendMayGoStraightToConnected() {
        frontend.awaits(INIT_WAIT);
        frontend.go(CONNECTED);
        frontend.awaits(CONNECTED);
    }

    @Test
    void aDriverMayBeUnloadedAndLoadedAgain() {
        frontend.connect();
        frontend.go(CLOSING);
        frontend.awaits(CLOSING);
        assertThat(driver.connected).as("what is under way is served on").isTrue();
        frontend.go(CLOSED);
        frontend.awaits(CLOSED);
        assertThat(driver.connected).isFalse();
        frontend.go(INITIALISING);
        frontend.write("ring-ref", 9).connect();
        assertThat(driver.calls).containsExactly("offer", "connect 1", "disconnect", "offer", "connect 9");
    }

    /// A kernel that another started by kexec finds its device connected and takes it down step by step, waiting for
    /// our half at each.
    @Test
    void aKernelAfterKexecTakesTheDeviceOver() {
        frontend.connect();
        for (XenbusState step : List.of(CLOSING, CLOSED)) {
            frontend.go(step);
            frontend.awaits(step);
        }
        frontend.go(INITIALISING);
        frontend.awaits(INIT_WAIT);
    }

    @Test
    void aFrontendThatStartsAnewWithoutClosingIsServedAnew() {
        frontend.connect();
        frontend.go(INITIALISING);
        frontend.write("ring-ref", 7).connect();
        assertThat(driver.calls).containsExactly("offer", "connect 1", "disconnect", "offer", "connect 7");
    }

    @Test
    void newRingsOfAConnectedFrontendAreConnected() {
        frontend.connect();
        Eventually.is(CONNECTED, backend::frontendSeen);
        frontend.write("ring-ref", 5).go(INITIALISED);
        Eventually.is(List.of("offer", "connect 1", "disconnect", "connect 5"), () -> List.copyOf(driver.calls));
        frontend.awaits(CONNECTED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "4294967296", "x", "", "99999999999999999999"})
    void nodesThatMakeNoSenseCloseTheDeviceWithTheReason(String ring) {
        frontend.awaits(INIT_WAIT);
        frontend.write("ring-ref", ring).go(INITIALISED);
        frontend.awaits(CLOSING);
        assertThat(frontend.backend("error")).isEqualTo("'ring-ref' is no number from 1 to 4294967295");
        startsAnew();
    }

    private void startsAnew() {
        frontend.go(CLOSED);
        frontend.awaits(CLOSED);
        frontend.go(INITIALISING);
        frontend.write("ring-ref", 3).connect();
    }

    @Test
    void aRingThatLiesClosesTheDeviceAndTheNextOneIsServed() {
        frontend.connect();
        Consumer<String> old = driver.onFault;
        old.accept("the ring lies");
        frontend.awaits(CLOSING);
        assertThat(driver.connected).isFalse();
        assertThat(frontend.backend("error")).isEqualTo("the ring lies");
        startsAnew();
        old.accept("late");
        frontend.go(RECONFIGURING);
        Eventually.is(RECONFIGURING, backend::frontendSeen);
        assertThat(backend.state()).as("a fault of the old connection").isEqualTo(CONNECTED);
    }

    @Test
    void aFaultOfOursClosesTheDeviceToo() {
        frontend.awaits(INIT_WAIT);
        frontend.write("ring-ref", 13).go(INITIALISED);
        frontend.awaits(CLOSING);
        assertThat(frontend.backend("error")).contains("thirteen");
        startsAnew();
    }

    @ParameterizedTest
    @EnumSource(names = {"INIT_WAIT", "RECONFIGURING", "RECONFIGURED"})
    void statesThatMeanNothingChangeNothing(XenbusState odd) {
        frontend.awaits(INIT_WAIT);
        frontend.go(odd);
        Eventually.is(odd, backend::frontendSeen);
        assertThat(backend.state()).isEqualTo(INIT_WAIT);
        frontend.go(INITIALISED);
        frontend.awaits(CONNECTED);
        frontend.go(RECONFIGURING);
        Eventually.is(RECONFIGURING, backend::frontendSeen);
        assertThat(backend.state()).isEqualTo(CONNECTED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "9", "04", "connected", "-1"})
    void whatIsNoStateClosesTheDevice(String text) {
        frontend.connect();
        frontend.write("state", text);
        frontend.awaits(CLOSED);
        assertThat(driver.connected).isFalse();
    }

    @Test
    void aFrontendWhoseNodesAreGoneIsDisconnected() {
        frontend.connect();
        frontend.remove("state");
        frontend.awaits(CLOSED);
        assertThat(driver.connected).isFalse();
    }

    @Test
    void aConnectedFrontendOfAClosedBackendIsServedAnew() {
        frontend.connect();
        frontend.go(CLOSED);
        frontend.awaits(CLOSED);
        frontend.go(CONNECTED);
        frontend.awaits(CONNECTED);
        assertThat(driver.calls).containsExactly("offer", "connect 1", "disconnect", "offer", "connect 1");
    }

    @Test
    void aDeviceTakenAwayIsClosedForGood() {
        frontend.connect();
        backend.detach();
        frontend.awaits(CLOSING);
        frontend.go(CLOSING);
        frontend.go(CLOSED);
        frontend.awaits(CLOSED);
        frontend.go(INITIALISING);
        Eventually.is(INITIALISING, backend::frontendSeen);
        assertThat(backend.state()).isEqualTo(CLOSED);
        assertThat(driver.connected).isFalse();
    }

    @Test
    void aDeviceWithoutAFrontendCanBeTakenAway() {
        frontend.awaits(INIT_WAIT);
        backend.detach();
        frontend.awaits(CLOSED);
    }

    @Test
    void removedDirectoriesDisconnect() {
        frontend.connect();
        device.remove(frontend.toolstack);
        backend.close();
        assertThat(driver.connected).isFalse();
        assertThat(frontend.toolstack.exists(device.backendPath())).as("closing made no node").isFalse();
    }

    /// Whatever a frontend writes in whatever order, in the end a well-behaved one is served.
    @Test
    void afterAnyNonsenseAProperFrontendConnects() {
        Random random = new Random(5);
        for (int i = 0; i < 400; i++) {
            frontend.write("ring-ref", random.nextInt(20) - 2);
            frontend.write("state", random.nextInt(10));
        }
        frontend.write("ring-ref", 4).go(CLOSED);
        frontend.awaits(CLOSED);
        frontend.go(INITIALISING);
        frontend.connect();
        assertThat(driver.calls).last().isEqualTo("connect 4");
    }

    @Test
    void whoWaitsForTheHalvesToMeetIsWokenWhenTheyDo() throws Exception {
        assertThat(backend.awaitConnected(Duration.ofMillis(10))).isFalse();
        CompletableFuture<Boolean> met = async(() -> backend.awaitConnected(Duration.ofSeconds(50)));
        frontend.connect();
        assertThat(met.get()).isTrue();
        CompletableFuture<Boolean> gone = async(() -> backend.awaitClosed(Duration.ofSeconds(50)));
        backend.detach();
        frontend.awaits(CLOSING);
        frontend.go(CLOSED);
        assertThat(gone.get()).isTrue();
        assertThat(backend.status().frontend()).isEqualTo("CLOSED");
    }

    @Test
    void whatCannotBeServedIsNotWaitedFor() throws Exception {
        frontend.awaits(INIT_WAIT);
        frontend.write("ring-ref", 0).go(INITIALISED);
        assertThat(backend.awaitConnected(Duration.ofSeconds(50))).isFalse();
        assertThat(backend.status().hindrance()).contains("'ring-ref' is no number");
        frontend.write("ring-ref", 2).go(INITIALISING);
        frontend.connect();
        assertThat(backend.status().hindrance()).isNull();
    }

    @Test
    void theEndWakesWhoWaits() throws Exception {
        CompletableFuture<Boolean> never = async(() -> backend.awaitConnected(Duration.ofSeconds(50)));
        frontend.awaits(INIT_WAIT);
        backend.close();
        assertThat(never.get()).isFalse();
    }

    @Test
    void aFrontendThatStartsAnewWhileItsDeviceIsTakenAwayGetsNone() {
        frontend.connect();
        backend.detach();
        frontend.awaits(CLOSING);
        frontend.go(INITIALISING);
        frontend.awaits(CLOSED);
        assertThat(driver.connected).isFalse();
    }

    @Test
    void aChangeIsDescribedAnewAndTheStateWrittenAgain() {
        frontend.connect();
        List<String> states = new CopyOnWriteArrayList<>();
        frontend.toolstack.watch(device.backendPath() + "/state", _ -> states.add(frontend.backend("state")));
        Eventually.is(1, states::size);
        backend.announce(Map.of("params", "other"));
        Eventually.is(2, states::size);
        assertThat(states).containsOnly("4");
        assertThat(frontend.backend("params")).isEqualTo("other");
        assertThat(driver.calls).endsWith("describe");
    }

    private static CompletableFuture<Boolean> async(Callable<Boolean> question) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return question.call();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
