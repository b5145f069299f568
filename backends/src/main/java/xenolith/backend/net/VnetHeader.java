package xenolith.backend.net;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/// What goes before each frame: `struct virtio_net_hdr` of `<linux/virtio_net.h>`, in the host's byte order. All zeroes
/// say that there is nothing left to do.
public final class VnetHeader {
    /// The sum from `csum_start` on is to be stored `csum_offset` behind it; what is there now counts.
    public static final int VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
    /// The checksum has been looked at and is right.
    public static final int VIRTIO_NET_HDR_F_DATA_VALID = 2;
    public static final int VIRTIO_NET_HDR_GSO_NONE = 0;
    public static final int VIRTIO_NET_HDR_GSO_TCPV4 = 1;
    public static final int VIRTIO_NET_HDR_GSO_TCPV6 = 4;
    /// Beside a type: the segments are to keep the first one's congestion marks.
    public static final int VIRTIO_NET_HDR_GSO_ECN = 0x80;

    public static final StructLayout LAYOUT = MemoryLayout.structLayout(
            ValueLayout.JAVA_BYTE.withName("flags"), ValueLayout.JAVA_BYTE.withName("gso_type"),
            ValueLayout.JAVA_SHORT.withName("hdr_len"), ValueLayout.JAVA_SHORT.withName("gso_size"),
            ValueLayout.JAVA_SHORT.withName("csum_start"), ValueLayout.JAVA_SHORT.withName("csum_offset"));
    public static final long SIZEOF = LAYOUT.byteSize();
    private static final long FLAGS = offset("flags");
    private static final long GSO_TYPE = offset("gso_type");
    private static final long HDR_LEN = offset("hdr_len");
    private static final long GSO_SIZE = offset("gso_size");
    private static final long CSUM_START = offset("csum_start");
    private static final long CSUM_OFFSET = offset("csum_offset");
    private static final int U16 = 0xFFFF;
    private static final int U8 = 0xFF;

    private VnetHeader() {
    }

    private static long offset(String field) {
        return LAYOUT.byteOffset(PathElement.groupElement(field));
    }

    public static void clear(MemorySegment s) {
        s.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, 0);
        csumOffset(s, 0);
    }

    public static int flags(MemorySegment s) {
        return s.get(ValueLayout.JAVA_BYTE, FLAGS) & U8;
    }

    public static void flags(MemorySegment s, int v) {
        s.set(ValueLayout.JAVA_BYTE, FLAGS, (byte) v);
    }

    public static int gsoType(MemorySegment s) {
        return s.get(ValueLayout.JAVA_BYTE, GSO_TYPE) & U8;
    }

    public static void gsoType(MemorySegment s, int v) {
        s.set(ValueLayout.JAVA_BYTE, GSO_TYPE, (byte) v);
    }

    /// How much of the frame is headers, which every segment gets: a hint.
    public static int hdrLen(MemorySegment s) {
        return s.get(ValueLayout.JAVA_SHORT_UNALIGNED, HDR_LEN) & U16;
    }

    public static void hdrLen(MemorySegment s, int v) {
        s.set(ValueLayout.JAVA_SHORT_UNALIGNED, HDR_LEN, (short) v);
    }

    /// Bytes of payload in each segment.
    public static int gsoSize(MemorySegment s) {
        return s.get(ValueLayout.JAVA_SHORT_UNALIGNED, GSO_SIZE) & U16;
    }

    public static void gsoSize(MemorySegment s, int v) {
        s.set(ValueLayout.JAVA_SHORT_UNALIGNED, GSO_SIZE, (short) v);
    }

    public static int csumStart(MemorySegment s) {
        return s.get(ValueLayout.JAVA_SHORT_UNALIGNED, CSUM_START) & U16;
    }

    public static void csumStart(MemorySegment s, int v) {
        s.set(ValueLayout.JAVA_SHORT_UNALIGNED, CSUM_START, (short) v);
    }

    public static int csumOffset(MemorySegment s) {
        return s.get(ValueLayout.JAVA_SHORT_UNALIGNED, CSUM_OFFSET) & U16;
    }

    public static void csumOffset(MemorySegment s, int v) {
        s.set(ValueLayout.JAVA_SHORT_UNALIGNED, CSUM_OFFSET, (short) v);
    }
}
