package xenolith.tool.nic;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import xenolith.tool.input.BadInputException;

/// An Ethernet address, in the usual form: `00:16:3e:01:02:03`.
///
/// @param text in small letters
public record MacAddress(String text) {
    /// What Xen owns.
    private static final String XEN_OUI = "00:16:3e";
    private static final String NONE = "00:00:00:00:00:00";
    private static final HexFormat FORM = HexFormat.ofDelimiter(":");
    private static final int OWN_BYTES = 3;
    private static final int GROUP = 1;

    static MacAddress parse(String text) {
        if (!text.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")) {
            throw new BadInputException("'" + text + "' is no MAC address; an example: 00:16:3e:01:02:03");
        }
        MacAddress mac = new MacAddress(text.toLowerCase(java.util.Locale.ROOT));
        if ((mac.octets()[0] & GROUP) != 0) {
            throw new BadInputException("the MAC address " + mac.text + " is a group's, not an interface's");
        }
        if (mac.text.equals(NONE)) {
            throw new BadInputException("the MAC address " + mac.text + " is no interface's: no guest would use it");
        }
        return mac;
    }

    /// One of Xen's own, always the same for the same interface of a domain of the same name.
    public static MacAddress derived(String domainName, long number) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest((domainName + '/' + number).getBytes(UTF_8));
            return new MacAddress(XEN_OUI + ':' + FORM.formatHex(digest, 0, OWN_BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /// Six of them.
    public byte[] octets() {
        return FORM.parseHex(text);
    }
}
