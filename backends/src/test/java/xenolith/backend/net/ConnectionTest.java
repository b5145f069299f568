package xenolith.backend.net;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.Netif.NETIF_RSP_DROPPED;
import static xenolith.abi.io.Netif.NETIF_RSP_OKAY;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import xenolith.abi.io.XenbusState;
import xenolith.backend.Eventually;
import xenolith.backend.net.NetFrontend.Answer;

/// How an interface's frontend connects, and what stands between it and the link.
@Timeout(60)
class ConnectionTest {
    private NetFrontend guest;

    @BeforeEach
    void anInterface() {
        guest = NetFrontend.plain();
        guest.xenbus.awaits(XenbusState.INIT_WAIT);
    }

    @AfterEach
    void nothingStaysMapped() {
        guest.close();
    }

    @Test
    void theFrontendIsToldWhatTheLinkCan() {
        for (String feature : new String[] {"feature-rx-copy", "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6",
            "feature-ipv6-csum-offload", "feature-split-event-channels", "feature-multicast-control",
            "multi-queue-max-queues"}) {
            assertThat(guest.xenbus.backend(feature)).as(feature).isEqualTo("1");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "tx-ring-ref,7777,'''tx-ring-ref'' is no page that is granted to us: GNTST -3'",
        "rx-ring-ref,x,'''rx-ring-ref'' is no number from 0 to 4294967295'",
        "event-channel-tx,77,'''event-channel-tx'' is no port that waits for us'",
        "event-channel-rx,0,'''event-channel-rx'' is no number from 1 to 2147483647'",
        "request-rx-copy,0,'''request-rx-copy'' is not set: pages are not flipped'",
        "multi-queue-num-queues,2,'''multi-queue-num-queues'' is no number from 1 to 1'"})
    void nodesThatCannotBeAreRefused(String node, String value, String reason) {
        guest.rings();
        guest.xenbus.write(node, value);
        guest.xenbus.go(XenbusState.CONNECTED);
        guest.xenbus.awaits(XenbusState.CLOSING);
        assertThat(guest.xenbus.backend("error")).isEqualTo(reason);
        assertThat(guest.domain.mapped()).isZero();
        assertThat(guest.link.openPorts).isZero();
    }

    @Test
    void oneEventChannelDoesForBothRings() throws InterruptedException {
        guest.rings();
        guest.xenbus.remove("event-channel-tx");
        guest.xenbus.remove("event-channel-rx");
        guest.xenbus.write("event-channel", NetFrontend.TX_PORT);
        guest.rxPort = guest.txPort;
        guest.xenbus.connect();
        guest.post(5);
        guest.link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.raw(100, 1)));
        assertThat(guest.txPort.awaitEvent()).isTrue();
        assertThat(guest.receive().status()).isEqualTo(100);
    }

    @Test
    void aFrameThatWaitsForCreditGoesWhenTheLimitIsLifted() throws InterruptedException {
        guest.close();
        Credit credit = new Credit(100, 3_600_000_000L);
        guest = new NetFrontend(new FakeLink(), new OpenFilter(), credit).connect();
        guest.page(7, 0, Packets.raw(500, 1));
        guest.slot(7, 0, 500, 0, 1);
        guest.publish();
        assertThat(guest.link.sent.poll(200, java.util.concurrent.TimeUnit.MILLISECONDS)).isNull();
        credit.lift();
        assertThat(guest.link.take()).hasSize(FramePort.HEADER_BYTES + 500);
    }

    @Test
    void itsThreadSaysThatItWantsAProcessorUntilItHasHadNothingToDoForAWhile() throws InterruptedException {
        guest.connect();
        guest.page(7, 0, Packets.raw(100, 1));
        guest.slot(7, 0, 100, 0, 1);
        guest.publish();
        assertThat(guest.link.take()).isNotNull();
        assertThat(guest.domain.workBegun()).isPositive();
        Eventually.is(0, guest.domain::working);
        int before = guest.domain.workBegun();
        guest.post(5);
        guest.link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.raw(200, 1)));
        assertThat(guest.receive().status()).isEqualTo(200);
        assertThat(guest.domain.workBegun()).isGreaterThan(before);
        guest.close();
        assertThat(guest.domain.working()).isZero();
        guest = NetFrontend.plain();
    }

    @Test
    void whatTheHostRefusesIsTheReasonAndNoFaultOfOurs() {
        guest.link.full = true;
        guest.rings();
        guest.xenbus.go(XenbusState.CONNECTED);
        guest.xenbus.awaits(XenbusState.CLOSING);
        assertThat(guest.xenbus.backend("error")).startsWith("the host failed: a switch of 64 ports: ENOSPC");
        assertThat(guest.domain.mapped()).isZero();
    }

    @Test
    void whatCameBeforeTheFrontendIsNotForIt() {
        guest.link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.raw(100, 1)));
        guest.link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.raw(101, 1)));
        guest.connect();
        guest.post(5);
        guest.link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.raw(200, 1)));
        assertThat(guest.receive().status()).isEqualTo(200);
        assertThat(guest.driver.counters()).containsEntry("rx_dropped", 2L);
    }

    @Test
    void aDriverThatIsLoadedAgainFindsTheDeviceAsBefore() {
        for (int i = 0; i < 20; i++) {
            guest.rings();
            guest.xenbus.connect();
            sendsOne(NETIF_RSP_OKAY);
            guest.xenbus.go(XenbusState.CLOSING);
            guest.xenbus.awaits(XenbusState.CLOSING);
            guest.xenbus.go(XenbusState.CLOSED);
            guest.xenbus.awaits(XenbusState.CLOSED);
            assertThat(guest.domain.mapped()).isZero();
            guest.xenbus.go(XenbusState.INITIALISING);
        }
        assertThat(guest.count("tx_frames")).isEqualTo(20);
    }

    private void sendsOne(int status) {
        guest.page(7, 0, Packets.raw(3000, 1));
        guest.slot(7, 0, 3000, 0, 1);
        assertThat(guest.send(1)).containsExactly(new Answer(1, status));
    }

    /// Passes what its two numbers say, and writes into what it sees.
    private static final class Counting implements FrameFilter {
        private final AtomicInteger left;

        Counting(int passes) {
            left = new AtomicInteger(passes);
        }

        @Override
        public boolean fromGuest(MemorySegment vnetHeader, MemorySegment head, int headBytes, int frameBytes) {
            assertThat(vnetHeader.byteSize()).isEqualTo(10);
            assertThat(headBytes).isEqualTo(Math.min(192, frameBytes));
            head.set(ValueLayout.JAVA_BYTE, headBytes - 1, (byte) 'x');
            return left.getAndDecrement() > 0;
        }

        @Override
        public boolean toGuest(MemorySegment vnetHeader, MemorySegment head, int headBytes, int frameBytes) {
            return fromGuest(vnetHeader, head, headBytes, frameBytes);
        }
    }

    @Test
    void theFilterDecidesOfEachFrameAndMayRewriteItsHead() throws InterruptedException {
        guest.close();
        guest = new NetFrontend(new FakeLink(), new Counting(2), Credit.unlimited()).connect();
        byte[] expected = Packets.raw(3000, 1);
        expected[191] = 'x';
        sendsOne(NETIF_RSP_OKAY);
        byte[] headed = guest.link.take();
        assertThat(Arrays.copyOfRange(headed, 10, headed.length)).isEqualTo(expected);
        guest.post(5);
        guest.link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.raw(3000, 1)));
        assertThat(guest.receive().status()).isEqualTo(3000);
        assertThat(guest.posted(0, 3000)).isEqualTo(expected);
        sendsOne(NETIF_RSP_DROPPED);
        assertThat(guest.count("tx_dropped")).isOne();
        guest.link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.raw(60, 1)));
        Eventually.is(1L, () -> guest.count("rx_dropped"));
        assertThat(guest.rx.waiting()).isZero();
    }

    @Test
    void aGuestWithoutCreditWaits() throws InterruptedException {
        guest.close();
        guest = new NetFrontend(new FakeLink(), new OpenFilter(), new Credit(3000, 300_000)).connect();
        long begin = System.nanoTime();
        for (int i = 0; i < 3; i++) {
            sendsOne(NETIF_RSP_OKAY);
        }
        assertThat(System.nanoTime() - begin).isGreaterThan(300_000_000L);
        assertThat(guest.link.sent).hasSize(3);
    }
}
