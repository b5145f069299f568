package xenolith.backend.net.firewall;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import xenolith.backend.net.firewall.Frame.Ends;

class PacketTest {
    private static final Ends V4_TCP = new Ends(true, "10.0.0.1", 1234, "10.0.0.2", 80);
    private static final Ends V6_UDP = new Ends(false, "fd00::1", 1234, "fd00::2", 53);
    private static final List<Integer> TYPES = List.of(0x0800, 0x86dd, 0x0806, 0x8100);

    /// Bytes of the given frame, changed.
    private static Packet changed(Frame frame, int at, int... values) {
        byte[] bytes = frame.bytes.clone();
        for (int i = 0; i < values.length; i++) {
            bytes[at + i] = (byte) values[i];
        }
        return new Frame(bytes).parsed();
    }

    /// The head is a segment of just as many bytes: one byte read beyond is an exception.
    @Property(tries = 20_000)
    void nothingOutsideTheHeadIsRead(@ForAll @Size(max = 120) byte[] bytes, @ForAll @IntRange(max = 4) int type,
            @ForAll @IntRange(max = 2000) int more) {
        if (bytes.length > 14 && type < 4) {
            bytes[12] = (byte) (TYPES.get(type) >> 8);
            bytes[13] = (byte) (int) TYPES.get(type);
            if (type < 2) {
                bytes[14] = (byte) (type == 0 ? 0x45 : 0x60);
            }
        }
        Frame frame = new Frame(bytes);
        Packet packet = new Packet();
        if (packet.parse(frame.head, bytes.length, bytes.length + more) && packet.transport != Packet.NONE) {
            assertThat(packet.transport).isBetween(14, bytes.length);
        }
    }

    @Property
    void everyHeadThatIsCutOffIsMalformedOrHasNoTransport(@ForAll boolean tcp, @ForAll boolean v6, @ForAll boolean tagged,
            @ForAll @IntRange(max = 100) int length) {
        Ends ends = v6 ? new Ends(tcp, "fd00::1", 1, "fd00::2", 2) : new Ends(tcp, "10.0.0.1", 1, "10.0.0.2", 2);
        Frame whole = Frame.of(ends, Frame.MAC_NUMBER, Frame.OTHER_MAC, tagged, false, 0);
        int headers = whole.bytes.length - Frame.PAYLOAD_BYTES;
        int headBytes = Math.min(length, whole.bytes.length);
        Frame cut = new Frame(Arrays.copyOf(whole.bytes, headBytes));
        assertThat(new Packet().parse(cut.head, headBytes, whole.bytes.length)).isEqualTo(headBytes >= headers);
        if (headBytes < whole.bytes.length) {
            assertThat(cut.parsed()).as("the frame is shorter than its packet").isNull();
        }
    }

    @Test
    void aPacketsEndsAreRead() {
        Packet packet = Frame.of(V4_TCP).parsed();
        assertThat(packet.fromMac).isEqualTo(Frame.MAC_NUMBER);
        assertThat(packet.toMac).isEqualTo(Frame.OTHER_MAC);
        assertThat(packet.sourceLow).isEqualTo(0xffff_0a00_0001L);
        assertThat(packet.destinationLow).isEqualTo(0xffff_0a00_0002L);
        assertThat(packet.sourcePort).isEqualTo(1234);
        assertThat(packet.destinationPort).isEqualTo(80);
        packet = Frame.of(V6_UDP, 1, 2, true, false, 0).parsed();
        assertThat(packet.etherType).isEqualTo(Packet.IPV6);
        assertThat(packet.sourceHigh).isEqualTo(0xfd00_0000_0000_0000L);
        assertThat(packet.destinationLow).isEqualTo(2);
        assertThat(packet.protocol).isEqualTo(Packet.UDP);
        assertThat(packet.destinationPort).isEqualTo(53);
    }

    @Test
    void aLaterFragmentHasNoPorts() {
        Packet packet = changed(Frame.of(V4_TCP), 14 + 6, 0x20, 0x10);
        assertThat(packet.isFragment).isTrue();
        assertThat(packet.isLaterFragment).isTrue();
        assertThat(packet.protocol).isEqualTo(Packet.TCP);
        assertThat(packet.destinationPort).isEqualTo(Packet.NONE);
        packet = changed(Frame.of(V4_TCP), 14 + 6, 0x20, 0x00);
        assertThat(packet.isFragment).isTrue();
        assertThat(packet.destinationPort).isEqualTo(80);
    }

    @Test
    void aFragmentThatWouldRewriteTcpsHeaderIsMalformed() {
        assertThat(changed(Frame.of(V4_TCP), 14 + 6, 0x00, 0x01)).isNull();
        assertThat(changed(Frame.of(V4_TCP), 14 + 6, 0x00, 0x02)).isNull();
        assertThat(changed(Frame.of(V4_TCP), 14 + 6, 0x00, 0x03)).isNotNull();
    }

    @Test
    void aFirstFragmentWithoutItsPortsIsMalformed() {
        // A total length of header and 8 bytes, with more to follow.
        assertThat(changed(Frame.of(V4_TCP), 14 + 2, 0, 28, 0, 0, 0x20, 0)).isNull();
    }

    @Test
    void lengthsThatDoNotFitAreMalformed() {
        assertThat(changed(Frame.of(V4_TCP), 14, 0x44)).as("header of 16 bytes").isNull();
        assertThat(changed(Frame.of(V4_TCP), 14, 0x55)).as("version 5").isNull();
        assertThat(changed(Frame.of(V4_TCP), 16, 0xff, 0xff)).as("packet longer than the frame").isNull();
        assertThat(changed(Frame.of(V4_TCP), 16, 0, 19)).as("packet shorter than its header").isNull();
        assertThat(changed(Frame.of(V6_UDP), 18, 0xff, 0xff)).as("payload longer than the frame").isNull();
        assertThat(changed(Frame.of(V6_UDP), 14, 0x40)).as("IPv4 as IPv6").isNull();
    }

    @Test
    void headersOfIpv6AreFollowedToTheTransport() {
        byte[] plain = Frame.of(V6_UDP).bytes;
        int options = 24;
        byte[] bytes = new byte[plain.length + options];
        System.arraycopy(plain, 0, bytes, 0, 54);
        System.arraycopy(plain, 54, bytes, 54 + options, plain.length - 54);
        bytes[19] += (byte) options;
        bytes[20] = 0;
        // Hop-by-hop of 8 bytes, then destination options of 8, then a fragment's header with offset 0.
        bytes[54] = 60;
        bytes[62] = 44;
        bytes[70] = 17;
        Packet packet = new Frame(bytes).parsed();
        assertThat(packet.protocol).isEqualTo(Packet.UDP);
        assertThat(packet.transport).isEqualTo(54 + options);
        assertThat(packet.destinationPort).isEqualTo(53);
        assertThat(packet.isFragment).isTrue();
        bytes[72] = 1;
        packet = new Frame(bytes).parsed();
        assertThat(packet.isLaterFragment).isTrue();
        assertThat(packet.destinationPort).isEqualTo(Packet.NONE);
        bytes[55] = (byte) 200;
        assertThat(new Frame(bytes).parsed()).as("options beyond the packet").isNull();
    }

    @Test
    void moreHeadersThanThereAreKindsOfAreMalformed() {
        byte[] bytes = new byte[14 + 40 + 96];
        System.arraycopy(Frame.of(V6_UDP).bytes, 0, bytes, 0, 54);
        bytes[18] = 0;
        bytes[19] = 96;
        bytes[20] = 60;
        for (int at = 54; at < bytes.length; at += 8) {
            bytes[at] = 60;
        }
        assertThat(new Frame(bytes).parsed()).isNull();
    }
}
