package xenolith.backend.net.firewall;

import java.util.List;

/// Who the guest behind an interface is: the frames that it may send under an address, and be sent.
///
/// Without IP addresses only the Ethernet address is held to: in the frame, in ARP and in neighbour discovery. With some,
/// the guest speaks IPv4, ARP and IPv6 under these, and nothing else; besides them it may ask for an address by DHCP,
/// probe whether one of its own is taken, and use the link-local address that follows from its Ethernet address
/// (RFC 4291, appendix A).
final class Identity {
    private static final int DHCP_CLIENT = 68;
    private static final int DHCP_SERVER = 67;
    private static final long LINK_LOCAL = 0xfe80_0000_0000_0000L;
    private static final int ROUTER_SOLICITATION = 133;
    private static final int ROUTER_ADVERTISEMENT = 134;
    private static final int NEIGHBOUR_SOLICITATION = 135;
    private static final int NEIGHBOUR_ADVERTISEMENT = 136;
    private static final int REDIRECT = 137;
    private static final int MULTICAST_REPORT = 131;
    private static final int MULTICAST_DONE = 132;
    private static final int MULTICAST_REPORT_2 = 143;
    private static final int TARGET = 8;
    private static final int NEIGHBOUR_OPTIONS = 24;
    private static final int ROUTER_SOLICITATION_OPTIONS = 8;
    private static final int SOURCE_LINK_ADDRESS = 1;
    private static final int TARGET_LINK_ADDRESS = 2;
    private static final int MAX_OPTIONS = 8;
    private static final long GROUP_BIT = 1L << 40;

    private final long mac;
    private final long[] highs;
    private final long[] lows;
    private final long linkLocalLow;

    Identity(long mac, List<Addresses.Ip> addresses) {
        this.mac = mac;
        highs = addresses.stream().mapToLong(Addresses.Ip::high).toArray();
        lows = addresses.stream().mapToLong(Addresses.Ip::low).toArray();
        // The MAC in two halves with ff:fe between them and the universal bit turned.
        linkLocalLow = (mac >>> 24 << 40 | 0xff_fe00_0000L | mac & 0xff_ffffL) ^ 1L << 57;
    }

    /// Whether a frame from the guest names it as its Ethernet sender.
    boolean isFromItsMac(Packet packet) {
        if (packet.fromMac != mac) {
            return false;
        }
        if (packet.etherType == Packet.ARP) {
            return packet.arpSenderMac() == mac;
        }
        return !isNeighbourDiscovery(packet) || linkAddressesAreOwn(packet);
    }

    /// Whether a frame from the guest comes from an address of its own.
    boolean isFromItsIp(Packet packet) {
        if (highs.length == 0) {
            return true;
        }
        return switch (packet.etherType) {
            case Packet.ARP -> packet.arpSenderIp() == Packet.MAPPED || isOwn(0, packet.arpSenderIp());
            case Packet.IPV4 -> isOwn(0, packet.sourceLow) || isDhcpQuestion(packet);
            case Packet.IPV6 -> isFromItsIpv6(packet);
            default -> false;
        };
    }

    /// Whether a frame is the guest's to see.
    boolean isForIt(Packet packet) {
        return packet.toMac == mac || (packet.toMac & GROUP_BIT) != 0;
    }

    private boolean isOwn(long high, long low) {
        for (int i = 0; i < lows.length; i++) {
            if (lows[i] == low && highs[i] == high) {
                return true;
            }
        }
        return false;
    }

    private boolean isOwnIpv6(long high, long low) {
        return high == LINK_LOCAL && low == linkLocalLow || isOwn(high, low);
    }

    private static boolean isDhcpQuestion(Packet packet) {
        return packet.sourceLow == Packet.MAPPED && packet.protocol == Packet.UDP && packet.sourcePort == DHCP_CLIENT
                && packet.destinationPort == DHCP_SERVER;
    }

    private boolean isFromItsIpv6(Packet packet) {
        boolean isUnspecified = (packet.sourceHigh | packet.sourceLow) == 0;
        if (!isUnspecified && !isOwnIpv6(packet.sourceHigh, packet.sourceLow)) {
            return false;
        }
        if (packet.protocol != Packet.ICMP6 || packet.transport == Packet.NONE) {
            return !isUnspecified;
        }
        return switch (Bytes.u8(packet.head, packet.transport)) {
            case ROUTER_ADVERTISEMENT, REDIRECT -> false;
            case NEIGHBOUR_ADVERTISEMENT -> targetIsOwn(packet);
            case NEIGHBOUR_SOLICITATION -> !isUnspecified || targetIsOwn(packet);
            case ROUTER_SOLICITATION, MULTICAST_REPORT, MULTICAST_DONE, MULTICAST_REPORT_2 -> true;
            default -> !isUnspecified;
        };
    }

    private boolean targetIsOwn(Packet packet) {
        int at = packet.transport + TARGET;
        return packet.headBytes >= at + 16 && isOwnIpv6(Bytes.s64(packet.head, at), Bytes.s64(packet.head, at + 8));
    }

    private static boolean isNeighbourDiscovery(Packet packet) {
        if (packet.protocol != Packet.ICMP6 || packet.transport == Packet.NONE) {
            return false;
        }
        int type = Bytes.u8(packet.head, packet.transport);
        return type >= ROUTER_SOLICITATION && type <= REDIRECT;
    }

    /// The options of what a host sends by right. A message in fragments, or with options that are not in the head, is
    /// refused (RFC 6980).
    private boolean linkAddressesAreOwn(Packet packet) {
        int type = Bytes.u8(packet.head, packet.transport);
        int at = packet.transport + switch (type) {
            case ROUTER_SOLICITATION -> ROUTER_SOLICITATION_OPTIONS;
            case NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT -> NEIGHBOUR_OPTIONS;
            default -> 0;
        };
        if (packet.isFragment) {
            return false;
        }
        if (at == packet.transport) {
            // A router's: which addresses it tells of are others' by nature.
            return true;
        }
        int end = packet.network + 40 + Bytes.u16(packet.head, packet.network + 4);
        for (int count = 0; count < MAX_OPTIONS && at + 8 <= end; count++) {
            if (at + 8 > packet.headBytes) {
                return false;
            }
            int option = Bytes.u8(packet.head, at);
            int byteLength = Bytes.u8(packet.head, at + 1) * 8;
            boolean isLinkAddress = option == SOURCE_LINK_ADDRESS || option == TARGET_LINK_ADDRESS;
            if (byteLength == 0 || isLinkAddress && Bytes.u48(packet.head, at + 2) != mac) {
                return false;
            }
            at += byteLength;
        }
        return at >= end;
    }
}
