package xenolith.xenstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import xenolith.abi.io.XsWire;

class MessageReaderTest {
    /// READ of "domid", request 7, transaction 3, as Linux sends it.
    private static final String READ_DOMID = "02000000" + "07000000" + "03000000" + "06000000" + "646f6d696400";

    @Test
    void aMessageIsReadFromItsGoldenBytes() throws IOException {
        Message message = new MessageReader().read(new Talk.Feed(HexFormat.of().parseHex(READ_DOMID)));
        assertThat(message.type()).isEqualTo(XsWire.XS_READ);
        assertThat(message.reqId()).isEqualTo(7);
        assertThat(message.txId()).isEqualTo(3);
        assertThat(Talk.text(message.payload())).isEqualTo("domid|");
    }

    @Test
    void repliesErrorsAndEventsHaveTheirGoldenBytes() {
        Message request = new Message(XsWire.XS_READ, 7, 3, new byte[0]);
        assertThat(hex(request.reply(new byte[] {'5'}))).isEqualTo("02000000" + "07000000" + "03000000" + "01000000"
                + "35");
        assertThat(hex(request.error(XsError.ENOENT))).isEqualTo("10000000" + "07000000" + "03000000" + "07000000"
                + "454e4f454e5400");
        assertThat(hex(Message.event("a/b", "t"))).isEqualTo("0f000000" + "00000000" + "00000000" + "06000000"
                + "612f62007400");
    }

    @Test
    void bytesThatComeOneAtATimeMakeTheSameMessage() throws IOException {
        byte[] bytes = HexFormat.of().parseHex(READ_DOMID + READ_DOMID);
        Talk.Feed feed = new Talk.Feed(bytes, 1);
        MessageReader reader = new MessageReader();
        int messages = 0;
        int reads = 0;
        while (!feed.isEmpty()) {
            Message message = reader.read(feed);
            reads++;
            if (message != null) {
                assertThat(message.encode()).isEqualTo(HexFormat.of().parseHex(READ_DOMID));
                messages++;
            }
        }
        assertThat(messages).isEqualTo(2);
        // Linux tells us of a second piece only if it saw that we had taken the first.
        assertThat(reads).as("looks until nothing more is there").isEqualTo(2);
    }

    @Test
    void aMessageCutAnywhereIsKeptUntilItsRestComes() throws IOException {
        byte[] bytes = HexFormat.of().parseHex(READ_DOMID);
        for (int cut = 1; cut < bytes.length; cut++) {
            MessageReader reader = new MessageReader();
            assertThat(reader.read(new Talk.Feed(Arrays.copyOf(bytes, cut)))).isNull();
            assertThat(reader.takeProgress()).isTrue();
            assertThat(reader.takeProgress()).isFalse();
            Message message = reader.read(new Talk.Feed(Arrays.copyOfRange(bytes, cut, bytes.length)));
            assertThat(message.encode()).isEqualTo(bytes);
        }
    }

    @Test
    void aPayloadTooLongEndsTheStream() {
        for (String length : List.of("01100000", "ffffffff", "00000080")) {
            byte[] header = HexFormat.of().parseHex("020000000700000003000000" + length);
            assertThatThrownBy(() -> new MessageReader().read(new Talk.Feed(header)))
                    .isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void theLongestPayloadIsRead() throws IOException {
        Message longest = new Message(XsWire.XS_WRITE, 1, 0, new byte[4096]);
        assertThat(new MessageReader().read(new Talk.Feed(longest.encode())).payload()).hasSize(4096);
    }

    @Property(tries = 200)
    void anyCutOfAStreamGivesTheSameMessages(@ForAll @Size(max = 6) List<@Size(max = 300) byte[]> payloads,
            @ForAll @IntRange(min = 1, max = 64) int step) throws IOException {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (int i = 0; i < payloads.size(); i++) {
            stream.writeBytes(new Message(XsWire.XS_WRITE, i, 0, payloads.get(i)).encode());
        }
        Talk.Feed feed = new Talk.Feed(stream.toByteArray(), step);
        MessageReader reader = new MessageReader();
        int next = 0;
        while (!feed.isEmpty()) {
            Message message = reader.read(feed);
            if (message != null) {
                assertThat(message.reqId()).isEqualTo(next);
                assertThat(message.payload()).isEqualTo(payloads.get(next));
                next++;
            }
        }
        assertThat(next).isEqualTo(payloads.size());
    }

    private static String hex(Message message) {
        return HexFormat.of().formatHex(message.encode());
    }
}
