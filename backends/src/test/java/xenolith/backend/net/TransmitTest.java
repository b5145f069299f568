package xenolith.backend.net;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.Netif.NETIF_RSP_DROPPED;
import static xenolith.abi.io.Netif.NETIF_RSP_ERROR;
import static xenolith.abi.io.Netif.NETIF_RSP_NULL;
import static xenolith.abi.io.Netif.NETIF_RSP_OKAY;
import static xenolith.abi.io.Netif.NETTXF_CSUM_BLANK;
import static xenolith.abi.io.Netif.NETTXF_DATA_VALIDATED;
import static xenolith.abi.io.Netif.NETTXF_EXTRA_INFO;
import static xenolith.abi.io.Netif.NETTXF_MORE_DATA;
import static xenolith.abi.io.Netif.XEN_NETIF_EXTRA_FLAG_MORE;
import static xenolith.abi.io.Netif.XEN_NETIF_EXTRA_TYPE_HASH;
import static xenolith.abi.io.Netif.XEN_NETIF_EXTRA_TYPE_MCAST_ADD;
import static xenolith.abi.io.Netif.XEN_NETIF_GSO_TYPE_TCPV4;
import static xenolith.abi.io.Netif.XEN_NETIF_GSO_TYPE_TCPV6;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.io.XenbusState;
import xenolith.backend.Eventually;
import xenolith.backend.net.NetFrontend.Answer;
import xenolith.posix.Errno;

/// What a guest sends, well and badly.
@Timeout(60)
class TransmitTest {
    private static final int REF = 7;
    private static final int ETHERNET = 14;

    private NetFrontend guest;

    @BeforeEach
    void anInterface() {
        guest = NetFrontend.plain().connect();
    }

    @AfterEach
    void nothingStaysMapped() {
        guest.close();
    }

    private byte[] sentFrame() throws InterruptedException {
        byte[] headed = guest.link.take();
        return Arrays.copyOfRange(headed, 10, headed.length);
    }

    /// The pages of a frame that begins at `offset` of its first page, as slots with `flags` on the first one.
    private int packet(byte[] frame, int offset, int flags) {
        return packet(frame, offset, flags, () -> { });
    }

    private int packet(byte[] frame, int offset, int flags, Runnable behindTheFirst) {
        int slots = 0;
        int at = 0;
        while (at < frame.length) {
            int from = at == 0 ? offset : 0;
            int here = Math.min(4096 - from, frame.length - at);
            guest.page(REF + slots, from, Arrays.copyOfRange(frame, at, at + here));
            int more = at + here < frame.length ? NETTXF_MORE_DATA : 0;
            guest.slot(REF + slots, from, at == 0 ? frame.length : here, more | (at == 0 ? flags : 0), slots);
            if (at == 0) {
                behindTheFirst.run();
            }
            slots++;
            at += here;
        }
        return slots;
    }

    @ParameterizedTest
    @CsvSource({"14,0", "60,4036", "192,100", "193,64", "2048,0", "2049,0", "4096,0", "5000,4000", "9014,66", "65535,2"})
    void aFrameArrivesAsItWasSent(int byteLength, int offset) throws InterruptedException {
        byte[] frame = Packets.raw(byteLength, byteLength);
        int slots = packet(frame, offset, 0);
        List<Answer> answers = guest.send(slots);
        assertThat(answers).allMatch(answer -> answer.status() == NETIF_RSP_OKAY);
        assertThat(answers.stream().map(Answer::id).toList()).isEqualTo(IntStream.range(0, slots).boxed().toList());
        byte[] headed = guest.link.take();
        assertThat(headed).startsWith(new byte[10]);
        assertThat(Arrays.copyOfRange(headed, 10, headed.length)).isEqualTo(frame);
        assertThat(guest.domain.mapped()).as("the two rings").isEqualTo(2);
        assertThat(guest.count("tx_frames")).isOne();
        assertThat(guest.count("tx_bytes")).isEqualTo(byteLength);
    }

    @Test
    void aBlankChecksumIsLeftToTheLink() throws InterruptedException {
        for (byte[] frame : List.of(Packets.ipv4(Packets.TCP, 1001, 1), Packets.ipv4(Packets.UDP, 20, 2),
                Packets.ipv6(Packets.TCP, 0, 700, 3), Packets.ipv6(Packets.UDP, 2, 33, 4))) {
            assertThat(guest.send(packet(frame, 0, NETTXF_CSUM_BLANK | NETTXF_DATA_VALIDATED)))
                    .allMatch(answer -> answer.status() == NETIF_RSP_OKAY);
            byte[] headed = guest.link.take();
            assertThat(headed[0]).isEqualTo((byte) VnetHeader.VIRTIO_NET_HDR_F_NEEDS_CSUM);
            int extensions = frame[12] == (byte) 0x86 && frame[20] == 60 ? 2 : 0;
            assertThat(Packets.isChecksumRight(Packets.finished(headed), extensions)).isTrue();
        }
    }

    @Test
    void aChecksumIsComputedHereForALinkThatTakesNone() throws InterruptedException {
        guest.close();
        FakeLink link = new FakeLink();
        link.takesOffloads = false;
        guest = new NetFrontend(link, new OpenFilter(), Credit.unlimited()).connect();
        assertThat(guest.xenbus.backend("feature-gso-tcpv4")).isEqualTo("0");
        byte[] frame = Packets.ipv4(Packets.TCP, 5001, 1);
        assertThat(guest.send(packet(frame, 100, NETTXF_CSUM_BLANK))).allMatch(answer -> answer.status() == NETIF_RSP_OKAY);
        byte[] headed = guest.link.take();
        assertThat(headed).startsWith(new byte[10]);
        assertThat(Packets.isChecksumRight(Arrays.copyOfRange(headed, 10, headed.length), 0)).isTrue();
        guest.page(REF, 0, frame.length > 4096 ? Arrays.copyOf(frame, 4096) : frame);
        guest.slot(REF, 0, 4000, NETTXF_EXTRA_INFO, 1).gso(XEN_NETIF_GSO_TYPE_TCPV4, 1448, 0);
        assertThat(guest.send(2).getFirst().status()).as("a link that cuts nothing").isEqualTo(NETIF_RSP_ERROR);
    }

    @Test
    void tcpThatIsToBeCutGoesToTheLinkWhole() throws InterruptedException {
        byte[] frame = Packets.ipv4(Packets.TCP, 30_000, 9);
        int slots = packet(frame, 0, NETTXF_EXTRA_INFO | NETTXF_CSUM_BLANK, () ->
                guest.gso(XEN_NETIF_GSO_TYPE_TCPV4, 1448, 0));
        List<Answer> answers = guest.send(slots + 1);
        assertThat(answers.get(0)).isEqualTo(new Answer(0, NETIF_RSP_OKAY));
        assertThat(answers.get(1).status()).isEqualTo(NETIF_RSP_NULL);
        assertThat(answers.get(2)).isEqualTo(new Answer(1, NETIF_RSP_OKAY));
        byte[] headed = guest.link.take();
        assertThat(headed[1]).isEqualTo((byte) VnetHeader.VIRTIO_NET_HDR_GSO_TCPV4);
        MemorySegment vnet = MemorySegment.ofArray(headed);
        assertThat(VnetHeader.gsoSize(vnet)).isEqualTo(1448);
        assertThat(VnetHeader.hdrLen(vnet)).isEqualTo(14 + 20 + 20);
        assertThat(VnetHeader.csumStart(vnet)).isEqualTo(34);
        assertThat(VnetHeader.csumOffset(vnet)).isEqualTo(16);
    }

    @ParameterizedTest
    @CsvSource({"0,1448", "3,1448", "255,1448", "1,0"})
    void nonsenseAboutCuttingIsAnError(int type, int size) {
        guest.page(REF, 0, Packets.ipv4(Packets.TCP, 3000, 1));
        guest.slot(REF, 0, 3054, NETTXF_EXTRA_INFO, 1).gso(type, size, 0);
        assertThat(guest.send(2)).containsExactly(new Answer(1, NETIF_RSP_ERROR), new Answer(0, NETIF_RSP_NULL));
        isStillServed();
    }

    @Test
    void onlyTcpOfItsFamilyIsToBeCut() {
        List<byte[]> frames = List.of(Packets.ipv4(Packets.UDP, 3000, 1), Packets.ipv6(Packets.TCP, 0, 3000, 1),
                Packets.ipv4(Packets.TCP, 3000, 1), Packets.ipv6(Packets.UDP, 0, 3000, 1));
        for (int i = 0; i < frames.size(); i++) {
            int type = i < 2 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6;
            packet(frames.get(i), 0, NETTXF_EXTRA_INFO | NETTXF_CSUM_BLANK, () -> guest.gso(type, 1448, 0));
            assertThat(guest.send(2).getFirst().status()).as("frame %d", i).isEqualTo(NETIF_RSP_ERROR);
        }
        assertThat(guest.link.sent).isEmpty();
        isStillServed();
    }

    @Test
    void whatIsNoTcpOrUdpHasNoChecksumToCompute() {
        byte[] fragment = Packets.ipv4(Packets.UDP, 100, 1);
        fragment[14 + 6] = 0x20;
        byte[] icmp = Packets.ipv4(1, 100, 1);
        byte[] cut = Arrays.copyOf(Packets.ipv4(Packets.TCP, 0, 1), 14 + 20 + 10);
        byte[] options = Packets.ipv4(Packets.TCP, 0, 1);
        options[14] = 0x44;
        for (byte[] frame : List.of(fragment, icmp, cut, options, Packets.raw(60, 1), Packets.raw(14, 1),
                Packets.ipv6(58, 0, 10, 1), Packets.ipv6(Packets.TCP, 30, 10, 1))) {
            assertThat(guest.send(packet(frame, 0, NETTXF_CSUM_BLANK))).allMatch(answer -> answer.status() == NETIF_RSP_ERROR);
        }
        assertThat(guest.link.sent).isEmpty();
        isStillServed();
    }

    private void isStillServed() {
        byte[] frame = Packets.raw(100, 77);
        guest.page(60, 0, frame);
        guest.slot(60, 0, 100, 0, 99);
        assertThat(guest.send(1)).containsExactly(new Answer(99, NETIF_RSP_OKAY));
        assertThat(guest.domain.mapped()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"0,13", "0,0", "4090,14", "1,4096", "4096,14", "65535,60", "0,4097", "0,65535"})
    void aPieceThatLeavesItsPageIsAnError(int offset, int size) {
        guest.page(REF, 0, new byte[4096]);
        guest.slot(REF, offset, size, 0, 3);
        assertThat(guest.send(1)).containsExactly(new Answer(3, NETIF_RSP_ERROR));
        assertThat(guest.count("tx_errors")).isOne();
        isStillServed();
    }

    @Test
    void piecesThatAreMoreThanThePacketAreAnError() {
        guest.page(REF, 0, new byte[4096]);
        guest.slot(REF, 0, 100, NETTXF_MORE_DATA, 1).slot(REF, 0, 101, 0, 2);
        assertThat(guest.send(2)).containsExactly(new Answer(1, NETIF_RSP_ERROR), new Answer(2, NETIF_RSP_ERROR));
        isStillServed();
    }

    @ParameterizedTest
    @ValueSource(ints = {18, 19, 20, 100, 255})
    void ofMoreThanEighteenPiecesNoneIsSent(int pieces) {
        byte[] frame = Packets.raw(pieces * 20, pieces);
        for (int i = 0; i < pieces; i++) {
            guest.page(200 + i, 0, Arrays.copyOfRange(frame, i * 20, i * 20 + 20));
            guest.slot(200 + i, 0, i == 0 ? frame.length : 20, i < pieces - 1 ? NETTXF_MORE_DATA : 0, i);
        }
        int status = pieces == 18 ? NETIF_RSP_OKAY : NETIF_RSP_ERROR;
        assertThat(guest.send(pieces)).allMatch(answer -> answer.status() == status);
        assertThat(guest.link.sent).hasSize(pieces == 18 ? 1 : 0);
        isStillServed();
    }

    @Test
    void extraInformationOfEachKindComesOnce() {
        guest.page(REF, 0, Packets.raw(100, 1));
        guest.slot(REF, 0, 100, NETTXF_EXTRA_INFO, 1);
        for (int i = 0; i < 200; i++) {
            guest.gso(XEN_NETIF_GSO_TYPE_TCPV4, 1448, i < 199 ? XEN_NETIF_EXTRA_FLAG_MORE : 0);
        }
        List<Answer> answers = guest.send(201);
        assertThat(answers.getFirst()).isEqualTo(new Answer(1, NETIF_RSP_ERROR));
        assertThat(answers.subList(1, 201)).allMatch(answer -> answer.status() == NETIF_RSP_NULL);
        isStillServed();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 255})
    void extraInformationOfNoKindIsAnError(int type) {
        guest.page(REF, 0, Packets.raw(100, 1));
        guest.slot(REF, 0, 100, NETTXF_EXTRA_INFO, 1).extra(type, 0, 0, 0);
        assertThat(guest.send(2).getFirst().status()).isEqualTo(NETIF_RSP_ERROR);
        isStillServed();
    }

    @Test
    void aHashIsNoConcernOfOurs() throws InterruptedException {
        byte[] frame = Packets.raw(100, 1);
        guest.page(REF, 0, frame);
        guest.slot(REF, 0, 100, NETTXF_EXTRA_INFO, 1).extra(XEN_NETIF_EXTRA_TYPE_HASH, 0, 0, 0);
        assertThat(guest.send(2).getFirst().status()).isEqualTo(NETIF_RSP_OKAY);
        assertThat(sentFrame()).isEqualTo(frame);
    }

    @Test
    void foreignAndRevokedPagesAreErrors() {
        for (int size : new int[] {100, 3000}) {
            guest.slot(4711, 0, size, 0, 1);
            assertThat(guest.send(1)).containsExactly(new Answer(1, NETIF_RSP_ERROR));
            guest.page(REF, 0, new byte[4096]);
            guest.page(REF + 1, 0, new byte[4096]);
            guest.domain.revoke(REF + 1);
            guest.slot(REF, 0, size, NETTXF_MORE_DATA, 1).slot(REF + 1, 0, 50, 0, 2);
            assertThat(guest.send(2)).containsExactly(new Answer(1, NETIF_RSP_ERROR), new Answer(2, NETIF_RSP_ERROR));
        }
        assertThat(guest.link.sent).isEmpty();
        isStillServed();
    }

    @Test
    void aPageThatWasAPageTableIsWaitedFor() throws InterruptedException {
        byte[] frame = Packets.raw(100, 1);
        guest.page(REF, 0, frame);
        guest.domain.busyFor(3);
        guest.slot(REF, 0, 100, 0, 1);
        assertThat(guest.send(1)).containsExactly(new Answer(1, NETIF_RSP_OKAY));
        assertThat(sentFrame()).isEqualTo(frame);
    }

    /// A tenth of a second is some sixty tries: not for each frame.
    @Test
    void pagesThatStayPageTablesHoldAWorkerUpOnceInARound() {
        guest.page(REF, 0, Packets.raw(100, 1));
        guest.domain.busyFor(1_000_000);
        for (int i = 0; i < 60; i++) {
            guest.slot(REF, 0, 100, 0, i);
        }
        assertThat(guest.send(60)).allMatch(answer -> answer.status() == NETIF_RSP_ERROR);
        int tries = 1_000_000 - guest.domain.busyFor();
        guest.domain.busyFor(0);
        assertThat(tries).isLessThan(60 + 3 * 60);
        isStillServed();
    }

    @ParameterizedTest
    @ValueSource(ints = {257, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aRingThatLiesClosesTheDevice(int reqProd) {
        guest.txPage.set(JAVA_INT, 0, reqProd);
        guest.txPort.send();
        isClosed("the indices of the transmit ring cannot be true");
    }

    @Test
    void aPacketWithoutAnEndClosesTheDevice() {
        guest.page(REF, 0, new byte[4096]);
        guest.slot(REF, 0, 100, NETTXF_MORE_DATA, 1);
        guest.publish();
        isClosed("a packet in the transmit ring has no end");
    }

    @Test
    void extraInformationWithoutAnEndClosesTheDevice() {
        guest.page(REF, 0, new byte[4096]);
        guest.slot(REF, 0, 100, NETTXF_EXTRA_INFO, 1);
        for (int i = 0; i < 255; i++) {
            guest.extra(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
        }
        guest.publish();
        isClosed("a packet in the transmit ring has no end");
    }

    private void isClosed(String reason) {
        guest.xenbus.awaits(XenbusState.CLOSING);
        assertThat(guest.xenbus.backend("error")).isEqualTo(reason);
        assertThat(guest.domain.mapped()).isZero();
        assertThat(guest.txPort.isClosed() && guest.rxPort.isClosed()).isTrue();
        assertThat(guest.link.openPorts).isZero();
        guest.xenbus.go(XenbusState.INITIALISING);
        guest.connect();
        isStillServed();
    }

    @Test
    void aLinkWithoutRoomIsWaitedForAndThenTheFrameIsLost() throws InterruptedException {
        byte[] frame = Packets.raw(3000, 1);
        guest.page(REF, 0, frame);
        guest.link.refusal = -Errno.EAGAIN;
        guest.slot(REF, 0, 3000, 0, 1);
        assertThat(guest.send(1)).containsExactly(new Answer(1, NETIF_RSP_DROPPED));
        assertThat(guest.count("tx_dropped")).isOne();
        guest.slot(REF, 0, 3000, 0, 2);
        guest.publish();
        guest.link.refusal = 0;
        assertThat(sentFrame()).isEqualTo(frame);
    }

    @Test
    void aLinkThatIsDownLosesFrames() {
        guest.page(REF, 0, Packets.raw(100, 1));
        guest.link.refusal = -Errno.EIO;
        guest.slot(REF, 0, 100, 0, 1);
        assertThat(guest.send(1)).containsExactly(new Answer(1, NETIF_RSP_DROPPED));
        guest.link.refusal = 0;
        isStillServed();
    }

    @Test
    void theRingGoesRoundManyTimes() throws InterruptedException {
        for (int i = 0; i < 1000; i++) {
            byte[] frame = Packets.raw(ETHERNET + i % 3000, i);
            int slots = packet(frame, i % 50, 0);
            assertThat(guest.send(slots)).allMatch(answer -> answer.status() == NETIF_RSP_OKAY);
            assertThat(sentFrame()).isEqualTo(frame);
        }
        assertThat(guest.count("tx_frames")).isEqualTo(1000);
        Eventually.is(2, guest.domain::mapped);
    }
}
