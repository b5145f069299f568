package xenolith.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static xenolith.abi.io.XsWire.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.xenstore.DomainDescription;
import xenolith.xenstore.DomainTree;
import xenolith.xenstore.Quota;
import xenolith.xenstore.Store;
import xenolith.xenstore.StoreClient;
import xenolith.xenstore.XenstoreServer;

/// The server, the ring and a guest's driver together.
@Timeout(30)
class XenstoreRingTest {
    private final XenstoreServer server = new XenstoreServer(new Store(Quota.DEFAULT));
    private final StoreClient dom0 = server.client();
    private final PlainPage page = new PlainPage();
    private final FakePort port = new FakePort();
    private final GuestXenstore guest = new GuestXenstore(page, port);

    @BeforeEach
    void start() {
        DomainTree.write(dom0, new DomainDescription(7, new UUID(0, 7), "seven", 1, 1, 65536, 65536,
                new DomainDescription.Ring(0x100001, 1), new DomainDescription.Ring(0x100002, 2)));
        server.start();
        server.introduce(7, new XenstoreRingTransport(page, port));
    }

    @AfterEach
    void close() {
        server.close();
        dom0.close();
    }

    @Test
    void theConversationOfABootingLinuxWorks() throws InterruptedException {
        assertThat(guest.ask(XS_RESET_WATCHES, 0, "|")).isEqualTo("21 OK|");
        assertThat(guest.ask(XS_READ, 0, "domid|")).isEqualTo("2 7");
        assertThat(guest.ask(XS_WATCH, 0, "device|FFFFFFFF8284A2C0|")).isEqualTo("4 OK|");
        assertThat(guest.next()).isEqualTo("15 device|FFFFFFFF8284A2C0|");
        assertThat(guest.ask(XS_DIRECTORY, 0, "device|")).isEqualTo("1 suspend|");
        assertThat(guest.ask(XS_WATCH, 0, "control/shutdown|A|")).isEqualTo("4 OK|");
        assertThat(guest.next()).isEqualTo("15 control/shutdown|A|");
        assertThat(guest.ask(XS_TRANSACTION_START, 0, "|")).isEqualTo("6 1|");
        assertThat(guest.ask(XS_READ, 1, "control/shutdown|")).isEqualTo("2 ");
        assertThat(guest.ask(XS_WRITE, 1, "control/feature-poweroff|1")).isEqualTo("11 OK|");
        assertThat(guest.ask(XS_TRANSACTION_END, 1, "T|")).isEqualTo("7 OK|");
        assertThat(dom0.read("/local/domain/7/control/feature-poweroff")).contains("1");
        assertThat(guest.ask(XS_READ, 0, "backend-changed|")).isEqualTo("16 ENOENT|");
        dom0.write("/local/domain/7/control/shutdown", "poweroff");
        assertThat(guest.next()).isEqualTo("15 control/shutdown|A|");
        assertThat(guest.ask(XS_READ, 0, "control/shutdown|")).isEqualTo("2 poweroff");
        assertThat(guest.ask(XS_UNWATCH, 0, "device|FFFFFFFF8284A2C0|")).isEqualTo("5 OK|");
    }

    @Test
    void requestsSentBeforeTheIntroductionAreServed() throws InterruptedException {
        PlainPage early = new PlainPage();
        FakePort earlyPort = new FakePort();
        GuestXenstore driver = new GuestXenstore(early, earlyPort);
        driver.send(GuestXenstore.request(XS_GET_DOMAIN_PATH, 1, 0, "8|"));
        server.introduce(8, new XenstoreRingTransport(early, earlyPort));
        assertThat(driver.next()).isEqualTo("10 /local/domain/8|");
    }

    @Test
    void theFeaturesAreAnnounced() {
        assertThat(guest.serverFeatures()).isEqualTo(3);
    }

    @Test
    void messagesLongerThanTheRingPassInBothDirections() throws InterruptedException {
        StringBuilder value = new StringBuilder();
        Random random = new Random(1);
        while (value.length() < 2000) {
            value.append((char) ('a' + random.nextInt(26)));
        }
        for (int i = 0; i < 50; i++) {
            String text = value.substring(i);
            assertThat(guest.ask(XS_WRITE, 0, "data/long|" + text)).isEqualTo("11 OK|");
            assertThat(guest.ask(XS_READ, 0, "data/long|")).isEqualTo("2 " + text);
        }
    }

    @Test
    void indicesWrapWithoutHarm() throws InterruptedException {
        PlainPage old = new PlainPage();
        FakePort oldPort = new FakePort();
        GuestXenstore driver = new GuestXenstore(old, oldPort);
        driver.requests.cons(-50);
        driver.requests.prod(-50);
        driver.replies.cons(Integer.MAX_VALUE - 20);
        driver.replies.prod(Integer.MAX_VALUE - 20);
        server.introduce(8, new XenstoreRingTransport(old, oldPort));
        for (int i = 0; i < 20; i++) {
            assertThat(driver.ask(XS_GET_DOMAIN_PATH, 0, "8|")).isEqualTo("10 /local/domain/8|");
        }
    }

    @Test
    void aGuestThatReadsNoRepliesHoldsBackNobodyElseAndLosesNothing() throws InterruptedException {
        PlainPage otherPage = new PlainPage();
        FakePort otherPort = new FakePort();
        GuestXenstore other = new GuestXenstore(otherPage, otherPort);
        server.introduce(8, new XenstoreRingTransport(otherPage, otherPort));
        List<Integer> sent = new ArrayList<>();
        Thread stuck = Thread.ofPlatform().start(() -> {
            try {
                for (int i = 0; i < 300; i++) {
                    guest.send(GuestXenstore.request(XS_GET_DOMAIN_PATH, i, 0, i + "|"));
                    sent.add(i);
                }
            } catch (InterruptedException | IllegalStateException _) {
                // The sender gives up after five seconds without room, which this test does not let pass.
            }
        });
        Thread.sleep(100);
        assertThat(stuck.isAlive()).as("requests are not taken without end").isTrue();
        for (int i = 0; i < 50; i++) {
            assertThat(other.ask(XS_GET_DOMAIN_PATH, 0, "8|")).isEqualTo("10 /local/domain/8|");
        }
        for (int i = 0; i < 300; i++) {
            while (guest.replies.used() == 0 && i == 0) {
                Thread.sleep(1);
            }
            assertThat(nextPolling()).isEqualTo("10 /local/domain/" + i + "|");
        }
        stuck.join();
        assertThat(sent).hasSize(300);
    }

    @Test
    void aGuestThatNeverReadsItsEventsIsDisconnected() throws InterruptedException {
        assertThat(guest.ask(XS_WATCH, 0, "data|t|")).isEqualTo("4 OK|");
        for (int i = 0; i < 4000 && server.disconnectReason(7) == null; i++) {
            dom0.write("/local/domain/7/data/n" + i, "");
        }
        await(() -> server.disconnectReason(7) != null);
        assertThat(server.disconnectReason(7)).isEqualTo("it does not read its watch events");
    }

    @Test
    void anOversizePayloadDisconnectsTheGuestWithAReasonInThePage() throws InterruptedException {
        byte[] header = GuestXenstore.request(XS_READ, 1, 0, "");
        header[13] = 0x10;
        header[12] = 1;
        guest.send(header);
        await(() -> server.disconnectReason(7) != null);
        assertThat(server.disconnectReason(7)).isEqualTo("a message with a payload of 4097 bytes");
        await(() -> guest.error() == 3);
        assertOthersAreServed();
    }

    @Test
    void impossibleIndicesDisconnectTheGuestWithAReasonInThePage() throws InterruptedException {
        guest.requests.prod(guest.requests.cons() + 1025);
        port.send();
        await(() -> server.disconnectReason(7) != null);
        assertThat(server.disconnectReason(7)).contains("request ring");
        await(() -> guest.error() == 2);
        assertOthersAreServed();
    }

    @Test
    void anImpossibleConsumerIndexDisconnectsTheGuest() throws InterruptedException {
        guest.replies.cons(guest.replies.prod() + 1);
        guest.send(GuestXenstore.request(XS_GET_DOMAIN_PATH, 1, 0, "7|"));
        await(() -> server.disconnectReason(7) != null);
        assertThat(server.disconnectReason(7)).contains("reply ring");
    }

    @Test
    void aDisconnectedGuestIsNotHeardAgain() throws InterruptedException {
        guest.requests.prod(2000);
        port.send();
        await(() -> server.disconnectReason(7) != null);
        guest.requests.prod(0);
        byte[] request = GuestXenstore.request(XS_WRITE, 1, 0, "data/x|1");
        guest.requests.put(request, 0, request.length);
        port.send();
        assertOthersAreServed();
        assertThat(dom0.exists("/local/domain/7/data/x")).isFalse();
        assertThat(server.isIntroduced(7)).isTrue();
    }

    @Test
    void randomPagesNeverStopTheServer() throws InterruptedException {
        Random random = new Random(99);
        for (int i = 0; i < 100; i++) {
            PlainPage wild = new PlainPage();
            FakePort wildPort = new FakePort();
            server.introduce(100 + i, new XenstoreRingTransport(wild, wildPort));
            for (int j = 0; j < 20; j++) {
                byte[] noise = new byte[4096];
                random.nextBytes(noise);
                // The producer index stays possible, so that the noise is read as messages too.
                noise[2053] &= 3;
                noise[2054] = noise[2055] = 0;
                MemorySegment.copy(noise, 0, wild.segment(), ValueLayout.JAVA_BYTE,
                        0, 2056);
                wildPort.send();
            }
        }
        assertOthersAreServed();
    }

    @Test
    void aReconnectingGuestFindsEmptyRingsAndNoWatches() throws InterruptedException {
        assertThat(guest.ask(XS_WATCH, 0, "data|t|")).isEqualTo("4 OK|");
        guest.next();
        guest.requests.put(GuestXenstore.request(XS_READ, 1, 0, "domid|"), 0, 9);
        guest.connection(1);
        port.send();
        await(() -> guest.connection() == 0);
        assertThat(guest.requests.prod()).isZero();
        assertThat(guest.replies.prod()).isZero();
        dom0.write("/local/domain/7/data/x", "1");
        assertThat(guest.ask(XS_READ, 0, "domid|")).isEqualTo("2 7");
    }

    @Test
    void domainsComingAndGoingAreToldToWatchersOnce() throws InterruptedException {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        dom0.watch("@introduceDomain", seen::add);
        dom0.watch("@releaseDomain", seen::add);
        seen.poll(5, TimeUnit.SECONDS);
        seen.poll(5, TimeUnit.SECONDS);
        server.introduce(8, new XenstoreRingTransport(new PlainPage(), new FakePort()));
        assertThat(seen.poll(5, TimeUnit.SECONDS)).isEqualTo("@introduceDomain");
        server.domainShutDown(8);
        server.domainShutDown(8);
        assertThat(seen.poll(5, TimeUnit.SECONDS)).isEqualTo("@releaseDomain");
        assertThat(seen.poll(50, TimeUnit.MILLISECONDS)).isNull();
        server.release(8);
        assertThat(seen.poll(5, TimeUnit.SECONDS)).isEqualTo("@releaseDomain");
        assertThat(server.isIntroduced(8)).isFalse();
    }

    @Test
    void aReleasedDomainsPageIsNotTouchedAgain() throws InterruptedException {
        server.release(7);
        byte[] before = page.segment().toArray(ValueLayout.JAVA_BYTE);
        port.send();
        assertOthersAreServed();
        assertThat(page.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
    }

    @Test
    void aDomainIsIntroducedOnce() {
        assertThatThrownBy(() -> server.introduce(7, new XenstoreRingTransport(new PlainPage(), new FakePort())))
                .isInstanceOf(IllegalStateException.class);
    }

    private void assertOthersAreServed() throws InterruptedException {
        PlainPage otherPage = new PlainPage();
        FakePort otherPort = new FakePort();
        GuestXenstore other = new GuestXenstore(otherPage, otherPort);
        server.introduce(99, new XenstoreRingTransport(otherPage, otherPort));
        assertThat(other.ask(XS_GET_DOMAIN_PATH, 0, "99|")).isEqualTo("10 /local/domain/99|");
    }

    /// The sender's thread takes the events, so this side looks by itself.
    private String nextPolling() throws InterruptedException {
        while (!guest.hasMessage()) {
            guest.collect();
            Thread.onSpinWait();
        }
        return guest.next();
    }

    private static void await(java.util.function.BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + 5_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("time to wait").isLessThan(end);
            Thread.sleep(1);
        }
    }
}
