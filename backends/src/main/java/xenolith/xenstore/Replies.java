package xenolith.xenstore;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import xenolith.abi.io.XsWire;
import xenolith.xenstore.XenstoreException.ReplyTooBig;

/// The payloads of replies.
final class Replies {
    private Replies() {
    }

    static byte[] ok() {
        return string("OK");
    }

    static byte[] string(String text) {
        return (text + '\0').getBytes(ISO_8859_1);
    }

    static byte[] strings(List<String> texts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String text : texts) {
            bytes.writeBytes(string(text));
        }
        return bytes.toByteArray();
    }

    /// The payload itself, if it fits a message.
    static byte[] fitting(byte[] payload) {
        if (payload.length > XsWire.XENSTORE_PAYLOAD_MAX) {
            throw new ReplyTooBig(payload.length);
        }
        return payload;
    }

    /// The part from `offset` of the list of names: the generation, as many whole names as fit, and after the last one
    /// of the list an empty string, by which the client knows the end.
    static byte[] directoryPart(Node node, int offset) {
        byte[] generation = string(Long.toString(node.generation()));
        byte[] names = strings(node.children().names());
        ByteArrayOutputStream part = new ByteArrayOutputStream();
        part.writeBytes(generation);
        int from = Math.min(offset, names.length);
        int end = wholeNamesEnd(names, from, from + XsWire.XENSTORE_PAYLOAD_MAX - generation.length - 1);
        part.writeBytes(Arrays.copyOfRange(names, from, end));
        if (end == names.length) {
            part.write(0);
        }
        return part.toByteArray();
    }

    /// Where, at `limit` at most, the last whole name ends.
    private static int wholeNamesEnd(byte[] names, int from, int limit) {
        if (limit >= names.length) {
            return names.length;
        }
        int end = limit;
        while (end > from && names[end - 1] != 0) {
            end--;
        }
        return end;
    }
}
