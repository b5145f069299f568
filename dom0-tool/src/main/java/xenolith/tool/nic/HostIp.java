package xenolith.tool.nic;

import java.net.InetAddress;
import java.net.UnknownHostException;
import xenolith.tool.input.BadInputException;

/// The host's own IPv4 address at an interface, and how much of it is the network's.
///
/// @param address      as `10.0.0.1`
/// @param prefixLength 0 to 32
public record HostIp(String address, int prefixLength) {
    private static final String IPV4 = "((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\.(?!$)|$)){4}";

    static HostIp parse(String text) {
        int slash = text.indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        String prefix = slash < 0 ? "24" : text.substring(slash + 1);
        if (!address.matches(IPV4) || !prefix.matches("[12]?[0-9]|3[0-2]")) {
            throw new BadInputException("'" + text + "' is no address and prefix; an example: hostip=10.0.0.1/24");
        }
        return new HostIp(address, Integer.parseInt(prefix));
    }

    /// `text`, if it is an IPv4 or IPv6 address.
    static String checkedAddress(String text) {
        boolean ipv6 = text.indexOf(':') >= 0 && text.matches("[0-9a-fA-F:.]+");
        if (!text.matches(IPV4) && !ipv6 || ipv6 && octets(text) == null) {
            throw new BadInputException("'" + text + "' is no IP address");
        }
        return text;
    }

    byte[] octets() {
        return octets(address);
    }

    /// Null if it is no address. Nothing is looked up: it is of digits alone.
    private static byte[] octets(String literal) {
        try {
            return InetAddress.getByName(literal).getAddress();
        } catch (UnknownHostException _) {
            return null;
        }
    }
}
