package xenolith.tool.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.backend.DeviceDriver;
import xenolith.backend.DeviceId;
import xenolith.backend.DeviceNodes;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.ControlException;
import xenolith.xenstore.Caller;
import xenolith.xenstore.Quota;
import xenolith.xenstore.Store;
import xenolith.xenstore.StoreClient;
import xenolith.xenstore.StoreClient.WatchHandle;

/// Devices come and go, with a guest that is played by the test over a real store.
@Timeout(60)
class DevicesTest {
    private static final String INITIALISED = "3";
    private static final String CONNECTED = "4";
    private static final String CLOSED = "6";
    private static final Duration LONG = Duration.ofSeconds(50);
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Path ROOT = Path.of("/");

    private final Store store = new Store(Quota.DEFAULT);
    private final StoreClient toolstack = StoreClient.of(store, Caller.DOM0);
    private final StoreClient guest = StoreClient.of(store, Caller.guest(1));
    private final Devices devices = new Devices(toolstack, List.of(new Toys()));
    private final AtomicInteger open = new AtomicInteger();
    /// What else happens while a device counts.
    private volatile Runnable counting = () -> { };
    /// What the driver watches; its own thread's.
    private final Map<Long, WatchHandle> watches = new HashMap<>();
    private final List<String> told = new ArrayList<>();

    @AfterEach
    void close() {
        devices.close();
        assertThat(open).hasValue(0);
        toolstack.close();
        guest.close();
    }

    /// Devices that do nothing: `toy N`.
    private final class Toys implements DeviceKind {
        @Override
        public String name() {
            return "toy";
        }

        @Override
        public HostedDevice open(String text, Path directory, Taken taken) {
            long number = Long.parseLong(text);
            if (taken.numbers().contains(number)) {
                throw new BadInputException("there is a toy " + number + " already");
            }
            open.incrementAndGet();
            return new Toy(number);
        }
    }

    private final class Toy implements HostedDevice, DeviceDriver {
        private final long number;
        private final AtomicInteger connections = new AtomicInteger();

        Toy(long number) {
            this.number = number;
        }

        @Override
        public String name() {
            return "toy" + number;
        }

        @Override
        public DeviceId id() {
            return new DeviceId(1, "vtoy", number);
        }

        @Override
        public Map<String, String> frontendNodes() {
            return Map.of("colour", "red");
        }

        @Override
        public Map<String, String> backendNodes() {
            return Map.of("size", "small");
        }

        @Override
        public DeviceDriver driver() {
            return this;
        }

        @Override
        public Map<String, Object> description() {
            return Map.of("size", "small");
        }

        @Override
        public Map<String, String> change(Map<String, String> wanted, Path directory) {
            if (wanted.containsKey("shape")) {
                throw new BadInputException("no toy changes its shape");
            }
            return wanted;
        }

        @Override
        public void offer(DeviceNodes nodes) {
            nodes.write("feature-fun", 1);
        }

        @Override
        public void connect(DeviceNodes nodes, Consumer<String> onFault) {
            connections.incrementAndGet();
        }

        @Override
        public void describe(DeviceNodes nodes) {
            synchronized (told) {
                told.add(nodes.read("colour").orElse("?"));
            }
        }

        @Override
        public void disconnect() {
        }

        @Override
        public Map<String, Long> counters() {
            counting.run();
            return Map.of("connections", (long) connections.get());
        }

        @Override
        public void close() {
            open.decrementAndGet();
        }
    }

    private static String front(long number) {
        return "device/vtoy/" + number;
    }

    private static String back(long number) {
        return "/local/domain/0/backend/vtoy/1/" + number;
    }

    private void go(long number, String state) {
        guest.write(front(number) + "/state", state);
    }

    /// A driver: it connects to what comes, and lets go of what shall go, but for what it `keeps`.
    private void playDriver(long number, boolean keeps) {
        guest.watch("device/vtoy", _ -> {
            String state = toolstack.read(back(number) + "/state").orElse("gone");
            WatchHandle old = state.equals("gone") ? watches.remove(number) : null;
            if (old != null) {
                old.close();
            } else if (!state.equals("gone")) {
                watches.computeIfAbsent(number, _ -> guest.watch(back(number) + "/state", _ -> follow(number, keeps)));
            }
        });
    }

    private void follow(long number, boolean keeps) {
        switch (toolstack.read(back(number) + "/state").orElse("gone")) {
            case "2" -> go(number, INITIALISED);
            case CONNECTED -> go(number, CONNECTED);
            case "5" -> go(number, keeps ? "5" : CLOSED);
            default -> { }
        }
    }

    private Map<String, Object> only() {
        assertThat(devices.list("toy")).hasSize(1);
        return devices.list("toy").getFirst();
    }

    @Test
    void aDeviceIsAttachedWhenTheGuestHasConnected() throws Exception {
        playDriver(7, false);
        assertThat(devices.attach("toy", "7", ROOT, LONG)).containsEntry("name", "toy7").containsEntry("connected", true);
        assertThat(only()).containsEntry("number", 7L).containsEntry("size", "small").containsEntry("state", "connected")
                .containsEntry("counters", Map.of("connections", 1L)).doesNotContainKey("hindrance");
        assertThat(guest.read(front(7) + "/colour")).contains("red");
    }

    @Test
    void whatKeepsAGuestFromADeviceIsSaidAndTheDeviceStays() throws Exception {
        assertThat(devices.attach("toy", "7", ROOT, SHORT)).containsEntry("connected", false)
                .containsEntry("hindrance", "no driver of the guest's has begun to use it");
        assertThat(only()).containsEntry("state", "init_wait");
        playDriver(7, false);
        Attempt.until(() -> only().get("state").equals("connected"));
    }

    @Test
    void aDeviceThatDoesNotSayWhatItHasCountedHoldsUpNoOther() throws Exception {
        devices.attach("toy", "7", ROOT, SHORT);
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        counting = () -> {
            asked.countDown();
            try {
                answers.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        CompletableFuture<List<Map<String, Object>>> listed = CompletableFuture.supplyAsync(() -> devices.list("toy"));
        asked.await();
        devices.attach("toy", "8", ROOT, SHORT);
        devices.detach("toy", "toy8", false, SHORT);
        assertThat(listed).isNotDone();
        devices.close();
        answers.countDown();
        assertThat(listed.get()).singleElement().satisfies(toy -> assertThat(toy).containsEntry("name", "toy7"));
    }

    @Test
    void noTwoDevicesHaveOneName() throws Exception {
        devices.attach("toy", "7", ROOT, SHORT);
        assertThatThrownBy(() -> devices.attach("toy", "7", ROOT, SHORT)).isInstanceOf(BadInputException.class)
                .hasMessage("there is a toy 7 already");
        assertThatThrownBy(() -> {
            open.incrementAndGet();
            devices.add("toy", new Toy(7));
        }).isInstanceOf(BadInputException.class).hasMessage("there is a toy toy7 already");
        assertThat(open).hasValue(1);
        assertThatThrownBy(() -> devices.attach("car", "7", ROOT, SHORT)).isInstanceOf(BadInputException.class);
    }

    @Test
    void aDetachedDeviceLeavesNothing() throws Exception {
        playDriver(7, false);
        devices.attach("toy", "7", ROOT, LONG);
        devices.detach("toy", "toy7", false, LONG);
        assertThat(devices.list("toy")).isEmpty();
        assertThat(open).hasValue(0);
        assertThat(toolstack.exists(back(7))).isFalse();
        assertThat(toolstack.exists("/local/domain/1/" + front(7))).isFalse();
        assertThat(devices.attach("toy", "7", ROOT, LONG)).containsEntry("connected", true);
    }

    @Test
    void aDeviceThatNobodyUsesIsDetachedAtOnce() throws Exception {
        devices.attach("toy", "7", ROOT, SHORT);
        devices.detach("toy", "7", false, LONG);
        assertThat(devices.list("toy")).isEmpty();
    }

    @Test
    void aGuestThatKeepsADeviceCanBeForced() throws Exception {
        playDriver(7, true);
        devices.attach("toy", "7", ROOT, LONG);
        assertThatThrownBy(() -> devices.detach("toy", "toy7", false, SHORT)).isInstanceOf(ControlException.class)
                .hasMessageContaining("has not let go of toy7").hasMessageContaining("--force");
        assertThat(only()).containsEntry("state", "closing").containsEntry("frontend_state", "closing");
        go(7, CLOSED);
        Attempt.until(() -> only().get("state").equals("closed"));
        devices.detach("toy", "toy7", false, SHORT);
        assertThat(devices.list("toy")).isEmpty();

        devices.attach("toy", "8", ROOT, SHORT);
        playDriver(8, true);
        Attempt.until(() -> only().get("state").equals("connected"));
        devices.detach("toy", "toy8", true, SHORT);
        assertThat(devices.list("toy")).isEmpty();
        assertThat(open).hasValue(0);
    }

    @Test
    void aDeviceIsDetachedOnceAtATime() throws Exception {
        playDriver(7, true);
        devices.attach("toy", "7", ROOT, LONG);
        CountDownLatch waiting = new CountDownLatch(1);
        toolstack.watch(back(7) + "/online", _ -> {
            if (toolstack.read(back(7) + "/online").filter("0"::equals).isPresent()) {
                waiting.countDown();
            }
        });
        CompletableFuture<Void> first = CompletableFuture.runAsync(() -> {
            try {
                devices.detach("toy", "toy7", false, LONG);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        waiting.await();
        assertThatThrownBy(() -> devices.detach("toy", "toy7", false, LONG)).hasMessage("toy7 is being detached already");
        // What the driver does by itself would else come after this.
        Attempt.until(() -> guest.read(front(7) + "/state").filter("5"::equals).isPresent());
        go(7, CLOSED);
        first.get();
        assertThatThrownBy(() -> devices.detach("toy", "toy7", false, LONG)).hasMessage("there is no toy toy7");
    }

    @Test
    void aChangeIsToldToAGuestThatIsConnected() throws Exception {
        playDriver(7, false);
        devices.attach("toy", "7", ROOT, LONG);
        devices.change("toy", "toy7", Map.of("size", "big"), ROOT);
        assertThat(guest.read(back(7) + "/size")).contains("big");
        Attempt.until(() -> {
            synchronized (told) {
                return told.equals(List.of("red"));
            }
        });
        assertThatThrownBy(() -> devices.change("toy", "toy7", Map.of("shape", "round"), ROOT))
                .isInstanceOf(BadInputException.class);
        assertThatThrownBy(() -> devices.change("toy", "toy8", Map.of("size", "big"), ROOT))
                .isInstanceOf(BadInputException.class);
    }

    @Test
    void theEndOfADomainEndsItsDevicesAndWhoWaitsForThem() throws Exception {
        playDriver(7, true);
        devices.attach("toy", "7", ROOT, LONG);
        CompletableFuture<Throwable> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                devices.attach("toy", "8", ROOT, LONG);
                return null;
            } catch (InterruptedException | RuntimeException e) {
                return e;
            }
        });
        Attempt.until(() -> devices.list("toy").size() == 2);
        devices.close();
        assertThat(waiting.get()).isNull();
        assertThat(open).hasValue(0);
        assertThatThrownBy(() -> devices.attach("toy", "9", ROOT, LONG)).hasMessage("the domain has ended");
    }
}
