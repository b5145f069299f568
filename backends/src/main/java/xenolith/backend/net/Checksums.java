package xenolith.backend.net;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Checksums of TCP and UDP over IP that one side of an interface left to the other.
///
/// Each method works on memory of ours: what the guest could change in between would be summed otherwise than sent.
public final class Checksums {
    private static final ValueLayout.OfShort NET16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int TYPE_AT = 12;
    private static final int VLAN_BYTES = 4;
    private static final int MAX_VLANS = 2;
    private static final int ETH_P_IP = 0x0800;
    private static final int ETH_P_IPV6 = 0x86DD;
    private static final int ETH_P_8021Q = 0x8100;
    private static final int ETH_P_8021AD = 0x88A8;
    private static final int IPV4_BYTES = 20;
    private static final int IPV6_BYTES = 40;
    private static final int MAX_EXTENSIONS = 8;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int TCP_CHECK = 16;
    private static final int UDP_CHECK = 6;
    private static final int U16 = 0xFFFF;
    private static final int U8 = 0xFF;
    private static final long U32 = 0xFFFF_FFFFL;

    private Checksums() {
    }

    /// Whether `head` is of TCP or UDP in whole IP packets, and where: `l3 << 24 | isIpv6 << 16 | l4 << 8 | protocol`,
    /// else -1. Places are below 192, as a head is.
    private static int places(MemorySegment head, int headBytes) {
        int type = etherTypeAt(head, headBytes);
        int l3 = type + 2;
        if (l3 + IPV4_BYTES > headBytes) {
            return -1;
        }
        return switch (u16(head, type)) {
            case ETH_P_IP -> ipv4(head, headBytes, l3);
            case ETH_P_IPV6 -> ipv6(head, headBytes, l3);
            default -> -1;
        };
    }

    private static int etherTypeAt(MemorySegment head, int headBytes) {
        int type = TYPE_AT;
        for (int i = 0; i < MAX_VLANS && type + 2 <= headBytes && isVlan(u16(head, type)); i++) {
            type += VLAN_BYTES;
        }
        return type;
    }

    private static boolean isVlan(int type) {
        return type == ETH_P_8021Q || type == ETH_P_8021AD;
    }

    private static int ipv4(MemorySegment head, int headBytes, int l3) {
        int first = u8(head, l3);
        int l4 = l3 + (first & 0xF) * 4;
        boolean whole = (u16(head, l3 + 6) & 0x3FFF) == 0;
        return first >> 4 == 4 && l4 >= l3 + IPV4_BYTES && whole ? transport(head, headBytes, l3, 0, l4, u8(head, l3 + 9))
                : -1;
    }

    private static int ipv6(MemorySegment head, int headBytes, int l3) {
        int l4 = l3 + IPV6_BYTES;
        int next = u8(head, l3 + 6);
        for (int i = 0; i < MAX_EXTENSIONS && isExtension(next) && l4 + 2 <= headBytes; i++) {
            next = u8(head, l4);
            l4 += (u8(head, l4 + 1) + 1) * 8;
        }
        return u8(head, l3) >> 4 == 6 ? transport(head, headBytes, l3, 1, l4, next) : -1;
    }

    /// Hop-by-hop options, routing, destination options; a fragment's checksum is nobody's here.
    private static boolean isExtension(int header) {
        return header == 0 || header == 43 || header == 60;
    }

    private static int transport(MemorySegment head, int headBytes, int l3, int isIpv6, int l4, int protocol) {
        int check = checkOffset(protocol);
        return check < 0 || l4 + check + 2 > headBytes ? -1 : l3 << 24 | isIpv6 << 16 | l4 << 8 | protocol;
    }

    private static int checkOffset(int protocol) {
        return switch (protocol) {
            case TCP -> TCP_CHECK;
            case UDP -> UDP_CHECK;
            default -> -1;
        };
    }

    /// Says in `vnet` that the frame's checksum is to be computed, and puts the sum of the pseudo header in its place:
    /// not every frontend does. Returns false if it is no frame that can have one.
    static boolean leave(MemorySegment vnet, MemorySegment head, int headBytes, int frameBytes) {
        int places = places(head, headBytes);
        if (places == -1) {
            return false;
        }
        int l3 = places >>> 24;
        int l4 = places >> 8 & U8;
        int protocol = places & U8;
        boolean isIpv6 = (places >> 16 & 1) != 0;
        long sum = protocol + transportBytes(vnet, head, l3, l4, isIpv6, frameBytes);
        int addresses = isIpv6 ? l3 + 8 : l3 + 12;
        for (int at = addresses; at < addresses + (isIpv6 ? 32 : 8); at += 2) {
            sum += u16(head, at);
        }
        int check = checkOffset(protocol);
        head.set(NET16, l4 + check, (short) fold(sum));
        VnetHeader.flags(vnet, VnetHeader.VIRTIO_NET_HDR_F_NEEDS_CSUM);
        VnetHeader.csumStart(vnet, l4);
        VnetHeader.csumOffset(vnet, check);
        VnetHeader.hdrLen(vnet, Math.min(frameBytes, headersEnd(head, headBytes, l4, protocol)));
        return true;
    }

    private static int headersEnd(MemorySegment head, int headBytes, int l4, int protocol) {
        return protocol == UDP ? l4 + 8 : Math.min(headBytes, l4 + (u8(head, l4 + 12) >> 4) * 4);
    }

    /// As the IP header says, which knows what is only padding; of what is still to be cut, all there is.
    private static int transportBytes(MemorySegment vnet, MemorySegment head, int l3, int l4, boolean isIpv6,
            int frameBytes) {
        int rest = frameBytes - l4;
        int said = isIpv6 ? u16(head, l3 + 4) + l3 + IPV6_BYTES - l4 : u16(head, l3 + 2) + l3 - l4;
        return VnetHeader.gsoType(vnet) == VnetHeader.VIRTIO_NET_HDR_GSO_NONE && said > 0 && said < rest ? said : rest;
    }

    /// Whether the frame has its checksum where a reader of its headers looks for it: netif.h knows no other place.
    static boolean isUsual(MemorySegment vnet, MemorySegment head, int headBytes) {
        int places = places(head, headBytes);
        return places != -1 && VnetHeader.csumStart(vnet) == (places >> 8 & U8)
                && VnetHeader.csumOffset(vnet) == checkOffset(places & U8);
    }

    /// @param head with room for one, whatever it holds
    static boolean isIpv6(MemorySegment head) {
        return u16(head, etherTypeAt(head, FrameFilter.HEAD_BYTES)) == ETH_P_IPV6;
    }

    /// Whether what `vnet` says of cutting fits: nothing, or TCP over IP of the right version into pieces of some size.
    static boolean isCutRight(MemorySegment vnet, MemorySegment head, int headBytes) {
        int type = VnetHeader.gsoType(vnet) & ~VnetHeader.VIRTIO_NET_HDR_GSO_ECN;
        if (type == VnetHeader.VIRTIO_NET_HDR_GSO_NONE) {
            return true;
        }
        int places = places(head, headBytes);
        int family = type == VnetHeader.VIRTIO_NET_HDR_GSO_TCPV6 ? 1 : 0;
        return VnetHeader.gsoSize(vnet) != 0 && places != -1 && (places & U8) == TCP && (places >> 16 & 1) == family;
    }

    /// Computes the checksum that `vnet` asks for and clears its flag. Returns false if its place is not in the frame.
    public static boolean finish(MemorySegment vnet, MemorySegment frame, int frameBytes) {
        int start = VnetHeader.csumStart(vnet);
        int place = start + VnetHeader.csumOffset(vnet);
        if (start < FramePort.ETHERNET_BYTES || place + 2 > frameBytes) {
            return false;
        }
        int check = ~sum(frame, start, frameBytes - start) & U16;
        boolean isUdp = VnetHeader.csumOffset(vnet) == UDP_CHECK;
        frame.set(ValueLayout.JAVA_SHORT_UNALIGNED, place, (short) (check == 0 && isUdp ? U16 : check));
        VnetHeader.flags(vnet, VnetHeader.flags(vnet) & ~VnetHeader.VIRTIO_NET_HDR_F_NEEDS_CSUM);
        VnetHeader.csumStart(vnet, 0);
        VnetHeader.csumOffset(vnet, 0);
        return true;
    }

    /// The sum of RFC 1071 in the host's byte order: it comes out in the order in which it went in.
    static int sum(MemorySegment s, long from, int byteLength) {
        long sum = 0;
        long at = from;
        long end = from + byteLength;
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            long word = s.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
            sum += (word & U32) + (word >>> Integer.SIZE);
        }
        for (int shift = 0; at < end; at++, shift ^= Byte.SIZE) {
            sum += (long) u8(s, at) << shift;
        }
        return fold(sum);
    }

    private static int fold(long sum) {
        long folded = sum;
        while (folded >>> Short.SIZE != 0) {
            folded = (folded & U16) + (folded >>> Short.SIZE);
        }
        return (int) folded;
    }

    private static int u16(MemorySegment s, long at) {
        return s.get(NET16, at) & U16;
    }

    private static int u8(MemorySegment s, long at) {
        return s.get(ValueLayout.JAVA_BYTE, at) & U8;
    }
}
