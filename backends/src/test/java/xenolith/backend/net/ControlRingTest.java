package xenolith.backend.net;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.NetifCtrl.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.io.FrontRing;
import xenolith.abi.io.Netif;
import xenolith.abi.io.NetifCtrl.Request;
import xenolith.abi.io.NetifCtrl.Response;
import xenolith.abi.io.XenbusState;
import xenolith.backend.Eventually;

/// What a frontend says on its control ring, and how frames are dealt then.
@Timeout(60)
class ControlRingTest {
    private static final int RING_REF = 300;
    private static final int PORT = 9;
    private static final int PAGE_REF = 301;
    /// The key and the results of Microsoft's "Verifying the RSS Hash Calculation".
    private static final byte[] KEY = HexFormat.of().parseHex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da3"
            + "8030f20c6a42b73bbeac01fa");

    private final MemorySegment message = Arena.ofAuto().allocate(16, 8);
    private NetFrontend guest;
    private MemorySegment page;
    private MemorySegment ringPage;
    private FrontRing ring;
    private int data;

    @BeforeEach
    void anInterfaceWithAControlRing() {
        guest = NetFrontend.plain().rings();
        ringPage = guest.domain.grant(RING_REF, false);
        ring = new FrontRing(0, RING, ringPage);
        page = guest.domain.grant(PAGE_REF, true);
        guest.domain.port(PORT);
        guest.xenbus.write("ctrl-ring-ref", RING_REF).write("event-channel-ctrl", PORT);
        guest.xenbus.connect();
    }

    @AfterEach
    void nothingStaysMapped() {
        guest.close();
    }

    private int ask(int type, int first, int second, int third) {
        message.fill((byte) 0);
        Request.id(message, 0, 77);
        Request.type(message, 0, type);
        Request.data(message, 0, 0, first);
        Request.data(message, 0, 1, second);
        Request.data(message, 0, 2, third);
        ring.put(message, 0);
        if (ring.push()) {
            guest.domain.port(PORT).send();
        }
        Eventually.is(true, () -> ring.finalCheck() != 0);
        ring.take(message, 0);
        assertThat(Response.id(message, 0)).isEqualTo(77);
        assertThat(Response.type(message, 0)).isEqualTo(type);
        data = Response.data(message, 0);
        return Response.status(message, 0);
    }

    private void succeeds(int type, int first, int second, int third) {
        assertThat(ask(type, first, second, third)).isEqualTo(XEN_NETIF_CTRL_STATUS_SUCCESS);
    }

    private void hashes(int types) {
        succeeds(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0, 0);
        succeeds(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, types, 0, 0);
        MemorySegment.copy(KEY, 0, page, ValueLayout.JAVA_BYTE, 0, KEY.length);
        succeeds(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, PAGE_REF, KEY.length, 0);
    }

    /// A frame of these addresses and ports.
    private static byte[] frame(int protocol, String from, String to, int fromPort, int toPort) {
        boolean ipv6 = from.indexOf(':') >= 0;
        byte[] frame = ipv6 ? Packets.ipv6(protocol, 0, 40, 1) : Packets.ipv4(protocol, 40, 1);
        int at = ipv6 ? 22 : 26;
        try {
            byte[] source = InetAddress.getByName(from).getAddress();
            byte[] target = InetAddress.getByName(to).getAddress();
            System.arraycopy(source, 0, frame, at, source.length);
            System.arraycopy(target, 0, frame, at + source.length, target.length);
            ByteBuffer.wrap(frame).putShort(at + 2 * source.length, (short) fromPort)
                    .putShort(at + 2 * source.length + 2, (short) toPort);
            return frame;
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "2,66.9.149.187,161.142.100.80,2794,1766,51ccc178,323e8fc2",
        "2,199.92.111.2,65.69.140.83,14230,4739,c626b0ea,d718262a",
        "2,24.19.198.95,12.22.207.184,12898,38024,5c2b394a,d2d0a5de",
        "8,3ffe:2501:200:1fff::7,3ffe:2501:200:3::1,2794,1766,40207d3d,2cc18cd5",
        "8,3ffe:501:8::260:97ff:fe40:efab,ff02::1,14230,4739,dde51bbf,0f0c461c"})
    void theHashIsThatOfItsInventors(int tcpType, String from, String to, int fromPort, int toPort, String withPorts,
            String addressesAlone) {
        hashes(15);
        guest.post(20);
        guest.link.give(FakeLink.framed(0, 0, 0, 0, 0, frame(Packets.TCP, from, to, fromPort, toPort)));
        assertThat(guest.receive().flags()).isEqualTo(Netif.NETRXF_EXTRA_INFO);
        assertThat(guest.receiveHash()).containsExactly(tcpType, 1, Integer.parseUnsignedInt(withPorts, 16));
        guest.link.give(FakeLink.framed(0, 0, 0, 0, 0, frame(Packets.UDP, from, to, fromPort, toPort)));
        guest.receive();
        assertThat(guest.receiveHash()).containsExactly(tcpType / 2, 1, Integer.parseUnsignedInt(addressesAlone, 16));
    }

    @Test
    void whatHasNoHashComesWithoutOne() {
        hashes(XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);
        guest.post(20);
        guest.link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.ipv4(Packets.TCP, 40, 1)));
        assertThat(guest.receive().flags()).isZero();
        guest.link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.raw(60, 1)));
        assertThat(guest.receive().flags()).isZero();
    }

    @Test
    void aCutAndAHashComeBothInTheirOrder() {
        hashes(15);
        guest.post(20);
        guest.link.give(FakeLink.framed(1, VnetHeader.VIRTIO_NET_HDR_GSO_TCPV4, 1448, 34, 16,
                Packets.ipv4(Packets.TCP, 5000, 1)));
        assertThat(guest.receive().id()).isZero();
        assertThat(guest.receiveExtra()).startsWith(Netif.XEN_NETIF_EXTRA_TYPE_GSO, 1448);
        assertThat(guest.receiveHash()[0]).isEqualTo(XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
        assertThat(guest.receive().id()).isEqualTo(3);
    }

    @Test
    void nothingIsAskedOfHashesBeforeOneIsChosen() {
        assertThat(ask(XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0)).isEqualTo(XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED);
        assertThat(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 1, 0, 0)).isEqualTo(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
        assertThat(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 2, 0, 0)).isEqualTo(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
        succeeds(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0, 0);
        succeeds(XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0);
        assertThat(data).isEqualTo(15);
        assertThat(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 16, 0, 0)).isEqualTo(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
        succeeds(XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, 0, 0, 0);
        assertThat(data).isEqualTo(128);
    }

    @ParameterizedTest
    @CsvSource({"301,41,3", "301,-1,3", "4711,40,2"})
    void aKeyThatCannotBeIsRefused(int ref, int size, int status) {
        assertThat(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, ref, size, 0)).isEqualTo(status);
    }

    @Test
    void aMappingIsWithinItsTableAndNamesQueuesThatThereAre() {
        assertThat(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 129, 0, 0)).isEqualTo(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
        assertThat(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, -1, 0, 0)).isEqualTo(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
        succeeds(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 128, 0, 0);
        for (int[] place : new int[][] {{129, 0}, {1, 128}, {128, 1}, {-1, 0}, {1, -1}, {Integer.MAX_VALUE, 2}}) {
            assertThat(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, PAGE_REF, place[0], place[1]))
                    .isEqualTo(XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW);
        }
        succeeds(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, PAGE_REF, 128, 0);
        assertThat(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, 4711, 1, 0)).isEqualTo(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
        page.set(ValueLayout.JAVA_INT, 0, 1);
        assertThat(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, PAGE_REF, 1, 0)).isEqualTo(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
        page.set(ValueLayout.JAVA_INT, 0, -1);
        assertThat(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, PAGE_REF, 1, 0)).isEqualTo(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8, 9, 10, 11, 65535})
    void whatIsNotKnownIsNotSupported(int type) {
        assertThat(ask(type, 0, 0, 0)).isEqualTo(XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED);
    }

    @Test
    void aRingThatLiesClosesTheDevice() {
        ringPage.set(ValueLayout.JAVA_INT, 0, -5);
        guest.domain.port(PORT).send();
        guest.xenbus.awaits(XenbusState.CLOSING);
        assertThat(guest.xenbus.backend("error")).isEqualTo("the indices of the control ring cannot be true");
    }
}
