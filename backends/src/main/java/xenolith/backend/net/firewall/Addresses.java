package xenolith.backend.net.firewall;

import java.net.InetAddress;
import java.net.UnknownHostException;

/// Addresses as text and back. Nothing here asks a name server.
final class Addresses {
    private static final int MAC_WORDS = 6;
    private static final int IPV4_BITS = 32;
    private static final int IPV6_BITS = 128;

    private Addresses() {
    }

    /// An address of either family as a [Packet] has it.
    record Ip(long high, long low, boolean isV4) {
        static Ip v4(int address) {
            return new Ip(0, Packet.MAPPED | address & 0xffff_ffffL, true);
        }
    }

    /// All addresses that begin with the same bits.
    record Network(boolean isV4, long high, long low, long highMask, long lowMask) {
        /// @param high of a packet's address, whose family is told by `isPacketV4`
        boolean holds(long packetHigh, long packetLow, boolean isPacketV4) {
            return isPacketV4 == isV4 && (packetHigh & highMask) == high && (packetLow & lowMask) == low;
        }
    }

    /// `02:16:3e:00:00:01` as a number, or -1.
    static long mac(String text) {
        String[] words = text.split(":", -1);
        if (words.length != MAC_WORDS) {
            return -1;
        }
        long mac = 0;
        for (String word : words) {
            int value = word.length() == 2 ? number(word, 16, 0xff) : -1;
            if (value < 0) {
                return -1;
            }
            mac = mac << 8 | value;
        }
        return mac;
    }

    /// A literal address, or null.
    static Ip ip(String text) {
        if (text.indexOf(':') >= 0) {
            return ipv6(text);
        }
        String[] words = text.split("\\.", -1);
        if (words.length != 4) {
            return null;
        }
        int address = 0;
        for (String word : words) {
            int value = number(word, 10, 0xff);
            if (value < 0) {
                return null;
            }
            address = address << 8 | value;
        }
        return Ip.v4(address);
    }

    /// What has a colon is never looked up as a name; characters that no address has are refused before.
    private static Ip ipv6(String text) {
        if (!text.chars().allMatch(c -> c == ':' || c == '.' || Character.digit(c, 16) >= 0 && c < 0x80)) {
            return null;
        }
        try {
            byte[] bytes = InetAddress.getByName(text).getAddress();
            if (bytes.length != 16) {
                return null;
            }
            var words = java.nio.ByteBuffer.wrap(bytes);
            return new Ip(words.getLong(), words.getLong(), false);
        } catch (UnknownHostException _) {
            return null;
        }
    }

    /// `10.0.0.0/8`, `fd00::/64`, or one address; or null.
    static Network network(String text) {
        int slash = text.indexOf('/');
        Ip ip = ip(slash < 0 ? text : text.substring(0, slash));
        if (ip == null) {
            return null;
        }
        int bits = ip.isV4() ? IPV4_BITS : IPV6_BITS;
        int prefix = slash < 0 ? bits : number(text.substring(slash + 1), 10, bits);
        if (prefix < 0) {
            return null;
        }
        int all = prefix + IPV6_BITS - bits;
        long highMask = all >= 64 ? -1 : ~(-1L >>> all);
        long lowMask = all <= 64 ? 0 : all == IPV6_BITS ? -1 : ~(-1L >>> all - 64);
        return new Network(ip.isV4(), ip.high() & highMask, ip.low() & lowMask, highMask, lowMask);
    }

    /// A plain number from 0 to `max`, or -1.
    static int number(String text, int radix, int max) {
        if (text.isEmpty() || text.length() > 9 || !text.chars().allMatch(c -> c < 0x80 && Character.digit(c, radix) >= 0)) {
            return -1;
        }
        long value = Long.parseLong(text, radix);
        return value <= max ? (int) value : -1;
    }
}
