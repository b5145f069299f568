package xenolith.abi.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class XenstoreWireTest {
    @Test
    void aHeaderHasItsGoldenBytesAtAnyAlignment() {
        byte[] bytes = new byte[19];
        MemorySegment message = MemorySegment.ofArray(bytes);
        XsWire.type(message, 3, XsWire.XS_RESET_WATCHES);
        XsWire.reqId(message, 3, 0x01020304);
        XsWire.txId(message, 3, -1);
        XsWire.len(message, 3, XsWire.XENSTORE_PAYLOAD_MAX);
        assertThat(HexFormat.of().formatHex(bytes))
                .isEqualTo("000000" + "15000000" + "04030201" + "ffffffff" + "00100000");
        assertThat(XsWire.type(message, 3)).isEqualTo(21);
        assertThat(XsWire.reqId(message, 3)).isEqualTo(0x01020304);
        assertThat(XsWire.txId(message, 3)).isEqualTo(-1);
        assertThat(XsWire.len(message, 3)).isEqualTo(4096);
    }

    @Test
    void operationsHaveNamesForLogs() {
        assertThat(XsWire.name(XsWire.XS_DIRECTORY_PART)).isEqualTo("DIRECTORY_PART");
        assertThat(XsWire.name(20)).isEqualTo("type 20");
        assertThat(XsWire.name(-1)).isEqualTo("type 4294967295");
    }

    @Test
    void aDeviceStateIsReadFromAnyText() {
        assertThat(XenbusState.parse("4")).isEqualTo(XenbusState.CONNECTED);
        for (String text : new String[] {"", "9", "-1", "44", "x", "\0"}) {
            assertThat(XenbusState.parse(text)).as(text).isEqualTo(XenbusState.UNKNOWN);
        }
        for (XenbusState state : XenbusState.values()) {
            assertThat(XenbusState.of(state.value())).isEqualTo(state);
        }
    }

    @Test
    void theConnectionWordsStandBehindTheIndices() {
        MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
        XenstoreRing.connection(page, 0, XenstoreRing.XENSTORE_RECONNECT);
        XenstoreRing.serverFeatures(page, 0, XenstoreRing.XENSTORE_SERVER_FEATURE_ERROR);
        XenstoreRing.error(page, 0, XenstoreRing.XENSTORE_ERROR_PROTO);
        assertThat(XenstoreRing.connection(page, 0)).isEqualTo(1);
        assertThat(XenstoreRing.serverFeatures(page, 0)).isEqualTo(2);
        assertThat(XenstoreRing.error(page, 0)).isEqualTo(3);
        assertThat(new ByteRing.Consumer(page, XenstoreRing.REQ).available()).isZero();
        assertThat(new ByteRing.Producer(page, XenstoreRing.RSP).space()).isEqualTo(1024);
    }
}
