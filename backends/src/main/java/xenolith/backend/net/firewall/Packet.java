package xenolith.backend.net.firewall;

import java.lang.foreign.MemorySegment;
import xenolith.backend.net.FramePort;

/// What a frame's head says, read out once. A thread's own, and filled anew for each frame.
///
/// An address of either family is 128 bits in two words: IPv4 as `::ffff:a.b.c.d`. Nothing beyond the head is read, and
/// every length is checked against the frame; what does not hold together, or hides behind more than the head shows, is
/// not read at all ([#parse] answers false).
final class Packet {
    static final int NONE = -1;
    static final int IPV4 = 0x0800;
    static final int ARP = 0x0806;
    static final int VLAN = 0x8100;
    static final int IPV6 = 0x86dd;
    static final int ICMP = 1;
    static final int TCP = 6;
    static final int UDP = 17;
    static final int ICMP6 = 58;
    static final long MAPPED = 0xffff_0000_0000L;

    private static final int SERVICE_VLAN = 0x88a8;
    private static final int VLAN_BYTES = 4;
    private static final int MAX_VLANS = 2;
    private static final int ARP_BYTES = 28;
    private static final int IPV4_BYTES = 20;
    private static final int IPV6_BYTES = 40;
    private static final int TCP_BYTES = 20;
    private static final int UDP_BYTES = 8;
    private static final int ICMP_BYTES = 8;
    private static final int FRAGMENT_OFFSET = 0x1fff;
    private static final int MORE_FRAGMENTS = 0x2000;

    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int FRAGMENT = 44;
    private static final int AUTHENTICATION = 51;
    private static final int DESTINATION_OPTIONS = 60;
    /// RFC 8200 §4.1 names seven at most, each once but one.
    private static final int MAX_EXTENSION_HEADERS = 8;

    MemorySegment head;
    int headBytes;
    int frameBytes;
    long toMac;
    long fromMac;
    /// Behind VLAN tags, if there are some.
    int etherType;
    /// Where the network header begins.
    int network;
    /// [#NONE] for what is not IP.
    int protocol;
    long sourceHigh;
    long sourceLow;
    long destinationHigh;
    long destinationLow;
    boolean isFragment;
    /// A fragment that does not begin the packet: it has no ports.
    boolean isLaterFragment;
    /// What the fragments of one packet have in common, if it is one.
    long fragmentId;
    /// Where the transport header begins; [#NONE] in a later fragment.
    int transport;
    /// Of TCP and UDP, else [#NONE].
    int sourcePort;
    int destinationPort;

    /// Reads a frame's head. Returns false if it is malformed: then nothing else here means anything.
    boolean parse(MemorySegment frameHead, int headByteLength, int frameByteLength) {
        head = frameHead;
        headBytes = headByteLength;
        frameBytes = frameByteLength;
        protocol = NONE;
        transport = NONE;
        sourcePort = NONE;
        destinationPort = NONE;
        isFragment = false;
        isLaterFragment = false;
        if (headBytes < FramePort.ETHERNET_BYTES || headBytes > frameBytes) {
            return false;
        }
        toMac = Bytes.u48(head, 0);
        fromMac = Bytes.u48(head, 6);
        return skipTags() && switch (etherType) {
            case IPV4 -> parseIpv4();
            case IPV6 -> parseIpv6();
            case ARP -> parseArp();
            default -> true;
        };
    }

    /// A tag of VLAN 0 says a priority and no more: who receives such a frame takes off as many as there are and goes on with
    /// what is behind. So nothing may hide behind tags, and more than an outer and an inner one are malformed.
    private boolean skipTags() {
        etherType = Bytes.u16(head, FramePort.ETHERNET_BYTES - 2);
        network = FramePort.ETHERNET_BYTES;
        for (int i = 0; i < MAX_VLANS && isVlan(etherType); i++) {
            if (headBytes < network + VLAN_BYTES) {
                return false;
            }
            etherType = Bytes.u16(head, network + 2);
            network += VLAN_BYTES;
        }
        return !isVlan(etherType);
    }

    private static boolean isVlan(int type) {
        return type == VLAN || type == SERVICE_VLAN;
    }

    boolean isIp() {
        return protocol != NONE;
    }

    /// Of Ethernet and IPv4 alone: RFC 826 knows no other kind that is in use.
    private boolean parseArp() {
        return headBytes >= network + ARP_BYTES && Bytes.s64(head, network) >>> 16 == 0x0001_0800_0604L;
    }

    long arpSenderMac() {
        return Bytes.u48(head, network + 8);
    }

    long arpSenderIp() {
        return MAPPED | Bytes.u32(head, network + 14);
    }

    private boolean parseIpv4() {
        if (headBytes < network + IPV4_BYTES) {
            return false;
        }
        int first = Bytes.u8(head, network);
        int headerBytes = (first & 15) * 4;
        int packetBytes = Bytes.u16(head, network + 2);
        if (first >> 4 != 4 || headerBytes < IPV4_BYTES || network + headerBytes > headBytes
                || packetBytes < headerBytes || network + packetBytes > frameBytes) {
            return false;
        }
        sourceHigh = 0;
        sourceLow = MAPPED | Bytes.u32(head, network + 12);
        destinationHigh = 0;
        destinationLow = MAPPED | Bytes.u32(head, network + 16);
        int fragment = Bytes.u16(head, network + 6);
        isFragment = (fragment & (FRAGMENT_OFFSET | MORE_FRAGMENTS)) != 0;
        fragmentId = Bytes.u16(head, network + 4);
        return parseTransport(Bytes.u8(head, network + 9), network + headerBytes, network + packetBytes,
                fragment & FRAGMENT_OFFSET);
    }

    private boolean parseIpv6() {
        if (headBytes < network + IPV6_BYTES || Bytes.u8(head, network) >> 4 != 6) {
            return false;
        }
        int end = network + IPV6_BYTES + Bytes.u16(head, network + 4);
        if (end > frameBytes) {
            return false;
        }
        sourceHigh = Bytes.s64(head, network + 8);
        sourceLow = Bytes.s64(head, network + 16);
        destinationHigh = Bytes.s64(head, network + 24);
        destinationLow = Bytes.s64(head, network + 32);
        return parseExtensions(Bytes.u8(head, network + 6), network + IPV6_BYTES, end);
    }

    /// Goes from header to header until one of a transport protocol.
    private boolean parseExtensions(int firstHeader, int start, int end) {
        int header = firstHeader;
        int at = start;
        int offset = 0;
        for (int count = 0; count <= MAX_EXTENSION_HEADERS; count++) {
            boolean isExtension = switch (header) {
                case HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS -> offset == 0;
                default -> false;
            };
            if (!isExtension) {
                return parseTransport(header, at, end, offset);
            }
            if (at + 8 > Math.min(end, headBytes)) {
                return false;
            }
            int next = Bytes.u8(head, at);
            if (header == FRAGMENT) {
                isFragment = true;
                offset = Bytes.u16(head, at + 2) >> 3;
                fragmentId = Bytes.u32(head, at + 4);
                at += 8;
            } else {
                int units = Bytes.u8(head, at + 1);
                at += header == AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8;
            }
            header = next;
        }
        return false;
    }

    /// @param end    of the packet, in the frame
    /// @param offset of a fragment in its packet, in units of eight bytes
    private boolean parseTransport(int number, int at, int end, int offset) {
        protocol = number;
        if (offset != 0) {
            isLaterFragment = true;
            // One that begins within TCP's header rewrites what has been looked at (RFC 3128).
            return number != TCP || offset > 2;
        }
        int bytes = switch (number) {
            case TCP -> TCP_BYTES;
            case UDP -> UDP_BYTES;
            case ICMP, ICMP6 -> ICMP_BYTES;
            default -> 0;
        };
        if (at + bytes > Math.min(end, headBytes)) {
            return bytes == 0 && at <= end;
        }
        transport = at;
        if (number == TCP || number == UDP) {
            sourcePort = Bytes.u16(head, at);
            destinationPort = Bytes.u16(head, at + 2);
        }
        return true;
    }
}
