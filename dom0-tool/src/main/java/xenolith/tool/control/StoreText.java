package xenolith.tool.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;
import xenolith.tool.input.BadInputException;

/// Values of the store as text that is safe on a terminal and can be typed.
final class StoreText {
    private static final HexFormat HEX = HexFormat.of();
    /// What `\xHH` takes.
    private static final int ESCAPE_LENGTH = 4;

    private StoreText() {
    }

    /// Printable ASCII as it is, but `\` doubled; every other octet as `\xHH`.
    static String shown(byte[] octets) {
        StringBuilder text = new StringBuilder(octets.length);
        for (byte octet : octets) {
            if (octet == '\\') {
                text.append("\\\\");
            } else if (octet >= ' ' && octet <= '~') {
                text.append((char) octet);
            } else {
                text.append("\\x").append(HEX.toHexDigits(octet));
            }
        }
        return text.toString();
    }

    /// The octets of what [#shown] writes; other characters stand for their UTF-8.
    static byte[] octets(String text) {
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        int at = 0;
        while (at < text.length()) {
            if (text.startsWith("\\\\", at)) {
                octets.write('\\');
                at += 2;
            } else if (text.charAt(at) == '\\') {
                octets.write(escaped(text, at));
                at += ESCAPE_LENGTH;
            } else {
                int end = text.offsetByCodePoints(at, 1);
                octets.writeBytes(text.substring(at, end).getBytes(UTF_8));
                at = end;
            }
        }
        return octets.toByteArray();
    }

    private static int escaped(String text, int at) {
        String digits = text.substring(Math.min(at + 2, text.length()), Math.min(at + ESCAPE_LENGTH, text.length()));
        if (!text.startsWith("\\x", at) || digits.length() != 2 || !digits.chars().allMatch(HexFormat::isHexDigit)) {
            throw new BadInputException("in a value, \\ is followed by \\ or by xHH");
        }
        return HexFormat.fromHexDigits(digits);
    }
}
