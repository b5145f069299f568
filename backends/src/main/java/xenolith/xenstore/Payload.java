package xenolith.xenstore;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import xenolith.xenstore.XenstoreException.MalformedRequest;

/// Takes a request's payload apart: strings that end with a zero byte, and octets to the end.
final class Payload {
    private final byte[] bytes;
    private int at;

    Payload(byte[] bytes) {
        this.bytes = bytes;
    }

    boolean hasMore() {
        return at < bytes.length;
    }

    /// The next string, without its zero byte.
    String string() {
        for (int end = at; end < bytes.length; end++) {
            if (bytes[end] == 0) {
                String text = new String(bytes, at, end - at, ISO_8859_1);
                at = end + 1;
                return text;
            }
        }
        throw new MalformedRequest("a string without its end");
    }

    /// The next string, which must be the last.
    String lastString() {
        String text = string();
        if (hasMore()) {
            throw new MalformedRequest("more than is asked for");
        }
        return text;
    }

    /// All strings to the end.
    List<String> strings() {
        List<String> all = new ArrayList<>();
        while (hasMore()) {
            all.add(string());
        }
        return all;
    }

    /// All octets to the end.
    byte[] rest() {
        byte[] octets = Arrays.copyOfRange(bytes, at, bytes.length);
        at = bytes.length;
        return octets;
    }
}
