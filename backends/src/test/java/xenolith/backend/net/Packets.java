package xenolith.backend.net;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/// Frames as a guest makes them, and a reader of their checksums that owes nothing to the code under test.
final class Packets {
    static final int TCP = 6;
    static final int UDP = 17;
    static final int IPV4_CHECK_AT = 14 + 20;

    private Packets() {
    }

    /// An Ethernet frame of `byteLength` bytes that is no IP.
    static byte[] raw(int byteLength, long seed) {
        byte[] frame = new byte[byteLength];
        new Random(seed).nextBytes(frame);
        ByteBuffer.wrap(frame).putShort(0, (short) 0x0200).putInt(2, 1).putShort(12, (short) 0x88B5);
        return frame;
    }

    /// TCP or UDP over IPv4 with so much payload and a checksum of 0.
    static byte[] ipv4(int protocol, int payloadBytes, long seed) {
        byte[] payload = new byte[payloadBytes];
        new Random(seed).nextBytes(payload);
        int l4 = protocol == TCP ? 20 : 8;
        ByteBuffer b = ByteBuffer.allocate(14 + 20 + l4 + payloadBytes);
        b.put(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}).putShort((short) 0x0800);
        b.put((byte) 0x45).put((byte) 0).putShort((short) (20 + l4 + payloadBytes)).putInt(0).put((byte) 64)
                .put((byte) protocol).putShort((short) 0).putInt(0x0A090002).putInt(0x0A090001);
        transport(b, protocol, payload);
        return b.array();
    }

    /// The same over IPv6, behind `extensions` headers of eight bytes.
    static byte[] ipv6(int protocol, int extensions, int payloadBytes, long seed) {
        byte[] payload = new byte[payloadBytes];
        new Random(seed).nextBytes(payload);
        int l4 = protocol == TCP ? 20 : 8;
        ByteBuffer b = ByteBuffer.allocate(14 + 40 + 8 * extensions + l4 + payloadBytes);
        b.put(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}).putShort((short) 0x86DD);
        b.putInt(0x60000000).putShort((short) (8 * extensions + l4 + payloadBytes))
                .put((byte) (extensions > 0 ? 60 : protocol)).put((byte) 64);
        b.putLong(0xFE80000000000000L).putLong(2).putLong(0xFE80000000000000L).putLong(1);
        for (int i = 1; i <= extensions; i++) {
            b.put((byte) (i < extensions ? 60 : protocol)).put(new byte[7]);
        }
        transport(b, protocol, payload);
        return b.array();
    }

    private static void transport(ByteBuffer b, int protocol, byte[] payload) {
        b.putShort((short) 1234).putShort((short) 80);
        if (protocol == TCP) {
            b.putInt(7).putInt(9).putShort((short) 0x5018).putShort((short) 1000).putInt(0);
        } else {
            b.putShort((short) (8 + payload.length)).putShort((short) 0);
        }
        b.put(payload);
    }

    /// Whether the sum over pseudo header and packet is right, by RFC 793 and RFC 8200, word by word.
    static boolean isChecksumRight(byte[] frame, int extensions) {
        ByteBuffer b = ByteBuffer.wrap(frame);
        boolean v6 = b.getShort(12) == (short) 0x86DD;
        int l4 = v6 ? 14 + 40 + 8 * extensions : 14 + 20;
        int protocol = v6 ? b.get(extensions > 0 ? 14 + 40 + 8 * (extensions - 1) : 20) : b.get(23);
        int length = frame.length - l4;
        long sum = protocol + length;
        for (int at = v6 ? 22 : 26; at < (v6 ? 54 : 34); at += 2) {
            sum += b.getShort(at) & 0xFFFF;
        }
        byte[] padded = Arrays.copyOfRange(frame, l4, l4 + length + (length & 1));
        for (int at = 0; at < padded.length; at += 2) {
            sum += ByteBuffer.wrap(padded).getShort(at) & 0xFFFF;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum == 0xFFFF;
    }

    /// What a device does that is told to finish a checksum: sums from `start` on and stores at `start + offset`.
    static byte[] finished(byte[] headed) {
        MemorySegment header = MemorySegment.ofArray(headed);
        int start = header.get(ValueLayout.JAVA_SHORT_UNALIGNED, 6);
        int offset = header.get(ValueLayout.JAVA_SHORT_UNALIGNED, 8);
        byte[] frame = Arrays.copyOfRange(headed, 10, headed.length);
        long sum = 0;
        for (int at = start; at < frame.length; at++) {
            sum += (at - start & 1) == 0 ? (frame[at] & 0xFF) << 8 : frame[at] & 0xFF;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        ByteBuffer.wrap(frame).putShort(start + offset, (short) ~sum);
        return frame;
    }
}
