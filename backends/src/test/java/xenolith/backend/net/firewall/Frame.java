package xenolith.backend.net.firewall;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A whole frame with right checksums, and what is needed to look at it again. Written against the RFCs, not against the
/// classes under test.
final class Frame {
    static final String MAC = "02:16:3e:00:00:01";
    static final long MAC_NUMBER = 0x0216_3e00_0001L;
    static final long OTHER_MAC = 0x0216_3e00_0002L;
    static final int PAYLOAD_BYTES = 33;
    static final int HEAD_BYTES = 192;

    final byte[] bytes;
    final MemorySegment vnetHeader = Arena.ofAuto().allocate(10);
    final MemorySegment head;

    Frame(byte[] bytes) {
        this.bytes = bytes;
        head = Arena.ofAuto().allocate(Math.min(HEAD_BYTES, bytes.length));
        MemorySegment.copy(bytes, 0, head, ValueLayout.JAVA_BYTE, 0, (int) head.byteSize());
    }

    boolean fromGuest(Firewall firewall) {
        return firewall.fromGuest(vnetHeader, head, (int) head.byteSize(), bytes.length);
    }

    boolean toGuest(Firewall firewall) {
        return firewall.toGuest(vnetHeader, head, (int) head.byteSize(), bytes.length);
    }

    Packet parsed() {
        Packet packet = new Packet();
        return packet.parse(head, (int) head.byteSize(), bytes.length) ? packet : null;
    }

    /// The head as it is now, and the rest.
    byte[] now() {
        byte[] all = bytes.clone();
        MemorySegment.copy(head, ValueLayout.JAVA_BYTE, 0, all, 0, (int) head.byteSize());
        return all;
    }

    /// What a frame is to be.
    record Ends(boolean tcp, String from, int fromPort, String to, int toPort) {
        Ends answer() {
            return new Ends(tcp, to, toPort, from, fromPort);
        }
    }

    /// From the guest's MAC to another's.
    static Frame of(Ends ends) {
        return of(ends, MAC_NUMBER, OTHER_MAC, false, false, 0x10);
    }

    /// From another's MAC to the guest's.
    static Frame toIt(Ends ends) {
        return of(ends, OTHER_MAC, MAC_NUMBER, false, false, 0x10);
    }

    /// @param unfinished leaves the transport's checksum to who sends it on, as a guest with offloads does
    static Frame of(Ends ends, long fromMac, long toMac, boolean tagged, boolean unfinished, int tcpFlags) {
        boolean v6 = ends.from().contains(":");
        int l3 = tagged ? 18 : 14;
        int l4 = l3 + (v6 ? 40 : 20);
        int transportBytes = (ends.tcp() ? 20 : 8) + PAYLOAD_BYTES;
        ByteBuffer frame = ByteBuffer.allocate(l4 + transportBytes);
        mac(frame, toMac);
        mac(frame, fromMac);
        if (tagged) {
            frame.putShort((short) 0x8100).putShort((short) 7);
        }
        frame.putShort((short) (v6 ? 0x86dd : 0x0800));
        byte[] from = address(ends.from());
        byte[] to = address(ends.to());
        if (v6) {
            frame.putInt(0x6000_0000).putShort((short) transportBytes).put((byte) (ends.tcp() ? 6 : 17)).put((byte) 64);
        } else {
            frame.putShort((short) 0x4500).putShort((short) (20 + transportBytes)).putInt(0x1234_4000).put((byte) 64);
            frame.put((byte) (ends.tcp() ? 6 : 17)).putShort((short) 0);
        }
        frame.put(from).put(to);
        if (!v6) {
            frame.putShort(l3 + 10, (short) ~sum(frame.array(), l3, 20, 0));
        }
        frame.putShort((short) ends.fromPort()).putShort((short) ends.toPort());
        if (ends.tcp()) {
            frame.putInt(0x0102_0304).putInt(0x0506_0708).put((byte) 0x50).put((byte) tcpFlags);
            frame.putShort((short) 8192).putInt(0);
        } else {
            frame.putShort((short) transportBytes).putShort((short) 0);
        }
        for (int i = 0; i < PAYLOAD_BYTES; i++) {
            frame.put((byte) (i * 37));
        }
        int checksumAt = l4 + (ends.tcp() ? 16 : 6);
        int pseudo = pseudo(frame.array(), l3, v6, ends.tcp() ? 6 : 17, transportBytes);
        int checksum = unfinished ? pseudo : ~sum(frame.array(), l4, transportBytes, pseudo) & 0xffff;
        frame.putShort(checksumAt, (short) (checksum == 0 && !ends.tcp() ? 0xffff : checksum));
        Frame made = new Frame(frame.array());
        if (unfinished) {
            made.vnetHeader.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
            ByteBuffer header = made.vnetHeader.asByteBuffer().order(ByteOrder.nativeOrder());
            header.putShort(6, (short) l4).putShort(8, (short) (ends.tcp() ? 16 : 6));
        }
        return made;
    }

    /// Whether all checksums are right, the unfinished one being finished first, as the device would.
    boolean checksumsAreRight() {
        byte[] all = now();
        int type = Short.toUnsignedInt(ByteBuffer.wrap(all).getShort(12));
        int l3 = type == 0x8100 ? 18 : 14;
        boolean v6 = ByteBuffer.wrap(all).getShort(l3 - 2) == (short) 0x86dd;
        int l4 = l3 + (v6 ? 40 : 20);
        int protocol = all[l3 + (v6 ? 6 : 9)];
        int length = all.length - l4;
        if (vnetHeader.get(ValueLayout.JAVA_BYTE, 0) == 1) {
            int at = l4 + (protocol == 6 ? 16 : 6);
            int whole = ~sum(all, l4, length, 0) & 0xffff;
            ByteBuffer.wrap(all).putShort(at, (short) whole);
        }
        return (v6 || sum(all, l3, 20, 0) == 0xffff)
                && sum(all, l4, length, pseudo(all, l3, v6, protocol, length)) == 0xffff;
    }

    private static int pseudo(byte[] frame, int l3, boolean v6, int protocol, int transportBytes) {
        return sum(frame, l3 + (v6 ? 8 : 12), v6 ? 32 : 8, protocol + transportBytes);
    }

    /// The one's complement sum, folded.
    private static int sum(byte[] bytes, int from, int length, int start) {
        long sum = start;
        for (int i = 0; i < length; i += 2) {
            sum += (bytes[from + i] & 0xff) << 8 | (i + 1 < length ? bytes[from + i + 1] & 0xff : 0);
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (int) sum;
    }

    private static void mac(ByteBuffer to, long mac) {
        to.putShort((short) (mac >> 32)).putInt((int) mac);
    }

    static byte[] address(String text) {
        try {
            return java.net.InetAddress.getByName(text).getAddress();
        } catch (java.net.UnknownHostException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    /// An ARP question of the guest's.
    static Frame arp(long fromMac, long senderMac, String senderIp) {
        ByteBuffer frame = ByteBuffer.allocate(42);
        mac(frame, 0xffff_ffff_ffffL);
        mac(frame, fromMac);
        frame.putShort((short) 0x0806).putShort((short) 1).putShort((short) 0x0800).putShort((short) 0x0604);
        frame.putShort((short) 1);
        mac(frame, senderMac);
        frame.put(address(senderIp)).put(new byte[10]);
        return new Frame(frame.array());
    }

    /// A message of neighbour discovery with one option that holds a link address, from the guest's MAC.
    static Frame neighbour(int type, String from, String target, int option, long optionMac) {
        ByteBuffer frame = ByteBuffer.allocate(14 + 40 + 32);
        mac(frame, 0x3333_0000_0001L);
        mac(frame, MAC_NUMBER);
        frame.putShort((short) 0x86dd).putInt(0x6000_0000).putShort((short) 32).put((byte) 58).put((byte) 255);
        frame.put(address(from)).put(address("ff02::1"));
        frame.put((byte) type).put((byte) 0).putShort((short) 0).putInt(0).put(address(target));
        frame.put((byte) option).put((byte) 1);
        mac(frame, optionMac);
        return new Frame(frame.array());
    }
}
