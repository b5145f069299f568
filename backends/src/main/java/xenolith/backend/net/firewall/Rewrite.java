package xenolith.backend.net.firewall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Changes an end of a packet, its address and its port, in the head's copy, and the checksums by what has changed
/// (RFC 1624): whether they are right or wrong, they stay so.
///
/// Where the frame's header says that the transport's checksum is still to be made (`VIRTIO_NET_HDR_F_NEEDS_CSUM` of
/// `<linux/virtio_net.h>`), its field holds the sum of the pseudo header, not inverted and without the ports.
final class Rewrite {
    static final int NEEDS_CSUM = 1;
    private static final int CSUM_START = 6;
    private static final int CSUM_OFFSET = 8;
    private static final int IPV4_CHECKSUM = 10;
    private static final int IPV4_SOURCE = 12;
    private static final int IPV6_SOURCE = 8;
    private static final int TCP_CHECKSUM = 16;
    private static final int UDP_CHECKSUM = 6;

    private Rewrite() {
    }

    /// @param packet one with ports
    static void source(MemorySegment vnetHeader, Packet packet, long high, long low, int port) {
        long change = difference(packet.sourceHigh, high) + difference(packet.sourceLow, low);
        checksums(vnetHeader, packet, change, packet.sourcePort, port);
        storeAddress(packet, high, low, false);
        Bytes.put16(packet.head, packet.transport, port);
        packet.sourceHigh = high;
        packet.sourceLow = low;
        packet.sourcePort = port;
    }

    /// Likewise.
    static void destination(MemorySegment vnetHeader, Packet packet, long high, long low, int port) {
        long change = difference(packet.destinationHigh, high) + difference(packet.destinationLow, low);
        checksums(vnetHeader, packet, change, packet.destinationPort, port);
        storeAddress(packet, high, low, true);
        Bytes.put16(packet.head, packet.transport + 2, port);
        packet.destinationHigh = high;
        packet.destinationLow = low;
        packet.destinationPort = port;
    }

    /// Changes an address of a later fragment: ports and checksum of its packet are in the first one.
    static void address(Packet packet, long high, long low, boolean isDestination) {
        if (packet.etherType == Packet.IPV4) {
            long change = isDestination ? difference(packet.destinationHigh, high) + difference(packet.destinationLow, low)
                    : difference(packet.sourceHigh, high) + difference(packet.sourceLow, low);
            adjust(packet.head, packet.network + IPV4_CHECKSUM, change);
        }
        storeAddress(packet, high, low, isDestination);
        if (isDestination) {
            packet.destinationHigh = high;
            packet.destinationLow = low;
        } else {
            packet.sourceHigh = high;
            packet.sourceLow = low;
        }
    }

    private static void storeAddress(Packet packet, long high, long low, boolean isDestination) {
        if (packet.etherType == Packet.IPV4) {
            Bytes.put32(packet.head, packet.network + IPV4_SOURCE + (isDestination ? 4 : 0), low);
        } else {
            long at = packet.network + IPV6_SOURCE + (isDestination ? 16 : 0);
            Bytes.put64(packet.head, at, high);
            Bytes.put64(packet.head, at + 8, low);
        }
    }

    private static void checksums(MemorySegment vnetHeader, Packet packet, long addresses, int oldPort, int newPort) {
        if (packet.etherType == Packet.IPV4) {
            adjust(packet.head, packet.network + IPV4_CHECKSUM, addresses);
        }
        int offset = packet.protocol == Packet.TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
        int at = packet.transport + offset;
        if (isUnfinished(vnetHeader, packet.transport, offset)) {
            Bytes.put16(packet.head, at, fold(Bytes.u16(packet.head, at) + addresses));
        } else if (packet.protocol != Packet.UDP || Bytes.u16(packet.head, at) != 0) {
            adjust(packet.head, at, addresses + (~oldPort & 0xffff) + newPort);
            if (packet.protocol == Packet.UDP && Bytes.u16(packet.head, at) == 0) {
                // 0 would say that there is none (RFC 768).
                Bytes.put16(packet.head, at, 0xffff);
            }
        }
    }

    /// The header is in the host's byte order.
    private static boolean isUnfinished(MemorySegment vnetHeader, int start, int offset) {
        return (vnetHeader.get(ValueLayout.JAVA_BYTE, 0) & NEEDS_CSUM) != 0
                && (vnetHeader.get(ValueLayout.JAVA_SHORT_UNALIGNED, CSUM_START) & 0xffff) == start
                && (vnetHeader.get(ValueLayout.JAVA_SHORT_UNALIGNED, CSUM_OFFSET) & 0xffff) == offset;
    }

    private static void adjust(MemorySegment head, long at, long change) {
        Bytes.put16(head, at, ~fold((~Bytes.u16(head, at) & 0xffff) + change));
    }

    /// What a sum of 16-bit words grows by when a word of 64 bits is exchanged. What is the same in both does not count,
    /// such as the prefix of an IPv4 address, which is in no packet.
    private static long difference(long before, long after) {
        long change = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 16) {
            long old = before >>> shift & 0xffff;
            long now = after >>> shift & 0xffff;
            change += old == now ? 0 : (~old & 0xffff) + now;
        }
        return change;
    }

    private static int fold(long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xffff) + (folded >>> 16);
        }
        return (int) folded;
    }
}
