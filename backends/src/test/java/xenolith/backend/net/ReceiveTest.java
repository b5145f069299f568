package xenolith.backend.net;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.Netif.NETIF_RSP_ERROR;
import static xenolith.abi.io.Netif.NETRXF_CSUM_BLANK;
import static xenolith.abi.io.Netif.NETRXF_DATA_VALIDATED;
import static xenolith.abi.io.Netif.NETRXF_EXTRA_INFO;
import static xenolith.abi.io.Netif.NETRXF_MORE_DATA;
import static xenolith.abi.io.Netif.XEN_NETIF_EXTRA_TYPE_GSO;
import static xenolith.abi.io.Netif.XEN_NETIF_EXTRA_TYPE_MCAST_ADD;
import static xenolith.abi.io.Netif.XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
import static xenolith.abi.io.Netif.XEN_NETIF_GSO_TYPE_TCPV4;
import static xenolith.backend.net.FakeLink.framed;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.io.Netif;
import xenolith.abi.io.XenbusState;
import xenolith.backend.Eventually;
import xenolith.backend.net.NetFrontend.Answer;
import xenolith.backend.net.NetFrontend.Received;

/// What a guest receives into the pages that it posts.
@Timeout(60)
class ReceiveTest {
    private NetFrontend guest;

    @BeforeEach
    void anInterface() {
        guest = NetFrontend.plain().connect();
    }

    @AfterEach
    void nothingStaysMapped() {
        guest.close();
    }

    private static byte[] plain(byte[] frame) {
        return framed(0, 0, 0, 0, 0, frame);
    }

    /// All pieces of the next frame, in the pages from `first` on.
    private byte[] receiveFrame(int first) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        Received piece;
        int number = first;
        do {
            piece = guest.receive();
            assertThat(piece.id()).isEqualTo(number);
            frame.writeBytes(guest.posted(number++, piece.status()));
        } while ((piece.flags() & NETRXF_MORE_DATA) != 0);
        return frame.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 60, 1514, 4096, 4097, 9014, 65535, 65549})
    void aFrameIsSpreadOverPages(int byteLength) {
        byte[] frame = Packets.raw(byteLength, byteLength);
        guest.post(20);
        guest.link.give(plain(frame));
        assertThat(receiveFrame(0)).isEqualTo(frame);
        assertThat(guest.count("rx_frames")).isOne();
        assertThat(guest.count("rx_slots")).isEqualTo((byteLength + 4095) / 4096);
    }

    @Test
    void framesWaitForPages() {
        for (int i = 0; i < 10; i++) {
            guest.link.give(plain(Packets.raw(5000, i)));
        }
        guest.post(1);
        guest.post(18);
        for (int i = 0; i < 9; i++) {
            assertThat(receiveFrame(2 * i)).isEqualTo(Packets.raw(5000, i));
        }
        guest.post(1);
        assertThat(receiveFrame(18)).isEqualTo(Packets.raw(5000, 9));
        assertThat(guest.count("rx_dropped")).isZero();
    }

    @Test
    void tcpThatIsToBeCutComesWithItsCut() {
        byte[] frame = Packets.ipv4(Packets.TCP, 5000, 1);
        guest.post(3);
        guest.link.give(framed(1, VnetHeader.VIRTIO_NET_HDR_GSO_TCPV4, 1448, 34, 16, frame));
        Received first = guest.receive();
        assertThat(first.flags()).isEqualTo(NETRXF_CSUM_BLANK | NETRXF_DATA_VALIDATED | NETRXF_EXTRA_INFO | NETRXF_MORE_DATA);
        assertThat(guest.receiveExtra()).containsExactly(XEN_NETIF_EXTRA_TYPE_GSO, 1448, XEN_NETIF_GSO_TYPE_TCPV4);
        Received last = guest.receive();
        assertThat(last).isEqualTo(new Received(2, 0, frame.length - 4096));
    }

    @Test
    void aChecksumThatTheGuestDoesNotTakeIsComputedHere() {
        guest.close();
        guest = NetFrontend.plain().rings();
        guest.xenbus.write("feature-no-csum-offload", 1).write("feature-gso-tcpv4", 0);
        guest.xenbus.connect();
        assertThat(guest.link.guestTakes).containsExactly(false, false, true);
        guest.post(5);
        byte[] frame = partial(Packets.ipv4(Packets.TCP, 777, 1));
        guest.link.give(framed(1, 0, 0, 34, 16, frame));
        Received received = guest.receive();
        assertThat(received.flags()).isZero();
        assertThat(Packets.isChecksumRight(guest.posted(0, frame.length), 0)).isTrue();
        guest.link.give(framed(1, VnetHeader.VIRTIO_NET_HDR_GSO_TCPV4, 1448, 34, 16, frame));
        Eventually.is(1L, () -> guest.count("rx_dropped"));
    }

    /// With the sum of the pseudo header where the checksum goes.
    private static byte[] partial(byte[] frame) {
        ByteBuffer b = ByteBuffer.wrap(frame);
        int sum = Packets.TCP + frame.length - 34;
        for (int at = 26; at < 34; at += 2) {
            sum += b.getShort(at) & 0xFFFF;
        }
        b.putShort(50, (short) ((sum & 0xFFFF) + (sum >>> 16)));
        return frame;
    }

    @Test
    void aChecksumInAnUnusualPlaceIsComputedHere() {
        guest.post(5);
        byte[] frame = Packets.raw(100, 1);
        guest.link.give(framed(1, 0, 0, 20, 60, frame.clone()));
        Received received = guest.receive();
        assertThat(received.flags()).isZero();
        byte[] headed = framed(1, 0, 0, 20, 60, frame.clone());
        assertThat(guest.posted(0, 100)).isEqualTo(Packets.finished(headed));
        guest.link.give(framed(1, 0, 0, 20, 79, frame));
        Eventually.is(1L, () -> guest.count("rx_dropped"));
    }

    /// Another domain's process may write any header.
    @Test
    void headersThatMakeNoSenseDoNotReachTheGuest() {
        guest.post(10);
        byte[] tcp = partial(Packets.ipv4(Packets.TCP, 3000, 1));
        byte[] udp = Packets.ipv4(Packets.UDP, 3000, 1);
        byte[] tcp6 = Packets.ipv6(Packets.TCP, 0, 3000, 1);
        int v4 = VnetHeader.VIRTIO_NET_HDR_GSO_TCPV4;
        int v6 = VnetHeader.VIRTIO_NET_HDR_GSO_TCPV6;
        byte[][] nonsense = {framed(1, v4, 0, 34, 16, tcp), framed(1, v4, 1448, 34, 6, udp), framed(1, v6, 1448, 34, 16, tcp),
            framed(1, v4, 1448, 54, 16, tcp6), framed(0, v4, 1448, 0, 0, udp), framed(0, v6, 1448, 0, 0, Packets.raw(60, 1)),
            framed(1, v4, 1448, 65535, 65535, tcp), framed(1, 0, 0, 65535, 65535, tcp), framed(1, 0, 0, 0, 0, tcp),
            framed(1, v4, 1448, 34, 16, Packets.raw(14, 1)), framed(0xFF, 0xFF, 0xFFFF, 0xFFFF, 0xFFFF, tcp)};
        for (byte[] frame : nonsense) {
            guest.link.give(frame);
        }
        guest.link.give(plain(Packets.raw(60, 2)));
        assertThat(receiveFrame(0)).isEqualTo(Packets.raw(60, 2));
        assertThat(guest.count("rx_dropped")).isEqualTo(nonsense.length);
    }

    @Test
    void aTagDoesNotMakeIpv6AnythingElse() {
        guest.close();
        guest = NetFrontend.plain().rings();
        guest.xenbus.write("feature-ipv6-csum-offload", 0);
        guest.xenbus.connect();
        guest.post(1);
        byte[] plain = Packets.ipv6(Packets.TCP, 0, 100, 1);
        byte[] tagged = new byte[plain.length + 4];
        System.arraycopy(plain, 0, tagged, 0, 12);
        System.arraycopy(plain, 12, tagged, 16, plain.length - 12);
        tagged[12] = (byte) 0x81;
        guest.link.give(framed(1, 0, 0, 58, 16, tagged));
        assertThat(guest.receive().flags()).as("a checksum that the guest does not take").isZero();
    }

    @Test
    void whatTheGuestCannotTakeIsDropped() {
        guest.close();
        guest = NetFrontend.plain().rings();
        guest.xenbus.write("feature-sg", 0);
        guest.xenbus.connect();
        guest.post(5);
        guest.link.give(plain(Packets.raw(4097, 1)));
        guest.link.give(framed(0, 3, 1448, 0, 0, Packets.raw(2000, 1)));
        guest.link.give(new byte[10 + 13]);
        guest.link.give(plain(Packets.raw(4096, 2)));
        assertThat(receiveFrame(0)).isEqualTo(Packets.raw(4096, 2));
        assertThat(guest.count("rx_dropped")).isEqualTo(3);
    }

    @Test
    void aPageThatIsNotGrantedIsAnErrorOfItsFrame() {
        guest.post(0, 4711);
        guest.domain.grant(4712, true);
        guest.post(1, 4712);
        guest.publishRx();
        guest.link.give(plain(Packets.raw(100, 1)));
        guest.link.give(plain(Packets.raw(100, 1)));
        assertThat(guest.receive()).isEqualTo(new Received(0, 0, NETIF_RSP_ERROR));
        assertThat(guest.receive()).isEqualTo(new Received(1, 0, NETIF_RSP_ERROR));
        assertThat(guest.count("rx_errors")).isEqualTo(2);
        assertThat(guest.count("rx_frames")).isZero();
    }

    /// One that says nothing when it has posted pages is looked after all the same.
    @Test
    void aGuestThatDoesNotTellOfItsPagesGetsWhatHasWaitedForThem() throws InterruptedException {
        guest.close();
        guest = NetFrontend.plain().rings();
        guest.xenbus.remove("feature-rx-notify");
        guest.xenbus.connect();
        guest.rxPort.onNotification(() -> { });
        for (int i = 0; i < 6; i += 2) {
            guest.link.give(plain(Packets.raw(100, i)));
            guest.link.give(plain(Packets.raw(5000, i + 1)));
            Thread.sleep(50);
            guest.post(1);
            assertThat(receiveFrame(i * 3 / 2)).isEqualTo(Packets.raw(100, i));
            Thread.sleep(50);
            guest.post(2);
            assertThat(receiveFrame(i * 3 / 2 + 1)).isEqualTo(Packets.raw(5000, i + 1));
        }
        assertThat(guest.count("rx_dropped")).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {257, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aRingThatLiesClosesTheDevice(int reqProd) {
        guest.rxPage.set(JAVA_INT, 0, reqProd);
        guest.rxPort.send();
        guest.xenbus.awaits(XenbusState.CLOSING);
        assertThat(guest.xenbus.backend("error")).isEqualTo("the indices of the receive ring cannot be true");
        assertThat(guest.domain.mapped()).isZero();
    }

    @Test
    void aLinkThatIsGoneClosesTheDeviceWithItsReason() {
        guest.post(5);
        guest.link.dead = true;
        guest.link.give(plain(Packets.raw(100, 1)));
        guest.xenbus.awaits(XenbusState.CLOSING);
        assertThat(guest.xenbus.backend("error")).startsWith("the host failed: what it is attached to: EIO");
        assertThat(guest.rx.waiting()).isZero();
    }

    @Test
    void aGuestThatAsksForGroupsGetsNoOthers() {
        guest.close();
        guest = NetFrontend.plain().rings();
        guest.xenbus.write("request-multicast-control", 1);
        guest.xenbus.connect();
        guest.post(10);
        long group = 0x01005E000001L;
        assertThat(ask(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, group)).isEqualTo(Netif.NETIF_RSP_OKAY);
        assertThat(ask(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0x020000000001L)).isEqualTo(Netif.NETIF_RSP_ERROR);
        guest.link.give(plain(to(group, 1)));
        guest.link.give(plain(to(0x01005E000002L, 2)));
        guest.link.give(plain(to(0xFFFFFFFFFFFFL, 3)));
        assertThat(receiveFrame(0)).isEqualTo(to(group, 1));
        assertThat(receiveFrame(1)).isEqualTo(to(0xFFFFFFFFFFFFL, 3));
        assertThat(ask(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, group)).isEqualTo(Netif.NETIF_RSP_OKAY);
        guest.link.give(plain(to(group, 4)));
        guest.link.give(plain(to(0x020000000001L, 5)));
        assertThat(receiveFrame(2)).isEqualTo(to(0x020000000001L, 5));
        assertThat(guest.count("rx_dropped")).isEqualTo(2);
        for (int i = 0; i < 65; i++) {
            assertThat(ask(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, group + i)).as("group %d", i)
                    .isEqualTo(i < 64 ? Netif.NETIF_RSP_OKAY : Netif.NETIF_RSP_ERROR);
        }
    }

    private int ask(int type, long mac) {
        guest.slot(0, 0, 0, Netif.NETTXF_EXTRA_INFO, 9).group(type, mac);
        return guest.send(2).getFirst().status();
    }

    private static byte[] to(long mac, long seed) {
        byte[] frame = Packets.raw(60, seed);
        ByteBuffer.wrap(frame).putShort(0, (short) (mac >> 32)).putInt(2, (int) mac);
        return frame;
    }

    @Test
    void anEventIsSentForAFrameThatIsWaitedFor() throws InterruptedException {
        guest.post(5);
        guest.link.give(plain(Packets.raw(100, 1)));
        assertThat(guest.rxPort.awaitEvent()).isTrue();
        assertThat(guest.txPort.pendingCount()).as("nothing was sent").isZero();
    }
}
