package xenolith.backend.remote;

import java.lang.foreign.MemorySegment;
import xenolith.abi.io.Blkif;
import xenolith.abi.io.Netif;
import xenolith.abi.io.Netif.ExtraInfo;
import xenolith.abi.io.Netif.RxResponse;
import xenolith.abi.io.RingSlots;

/// How a response names its request, for each kind of device.
final class InFlightMatch {
    /// By the number that the guest chose.
    static final RecordedRing.Match BLK = (request, requestAt, response, responseAt) ->
            Blkif.Request.id(request, requestAt) == Blkif.Response.id(response, responseAt);

    /// A network interface answers each ring in its order: slots of extra information have no number.
    static final RecordedRing.Match NET_TX = (_, _, _, _) -> true;

    /// Likewise, and the responses of a frame belong together: half of one, and then half of another, would be a frame
    /// that nobody sent, with a checksum that the guest need not look at.
    static final RecordedRing.Match NET_RX = new RecordedRing.Match() {
        @Override
        public boolean answers(MemorySegment request, long requestAt, MemorySegment response, long responseAt) {
            return true;
        }

        @Override
        public int publishable(MemorySegment responses, long[] responseAt) {
            int whole = 0;
            int end = frameEnd(responses, responseAt, 0);
            while (end > 0) {
                whole = end;
                end = frameEnd(responses, responseAt, whole);
            }
            return whole;
        }
    };

    private InFlightMatch() {
    }

    /// Where the frame ends that begins with response `at`, or 0 if it has no end.
    private static int frameEnd(MemorySegment responses, long[] responseAt, int at) {
        int next = at;
        if (next == responseAt.length) {
            return 0;
        }
        int flags = RxResponse.flags(responses, responseAt[next++]);
        boolean extra = (flags & Netif.NETRXF_EXTRA_INFO) != 0;
        while (extra) {
            if (next == responseAt.length) {
                return 0;
            }
            extra = (ExtraInfo.flags(responses, responseAt[next++]) & Netif.XEN_NETIF_EXTRA_FLAG_MORE) != 0;
        }
        while ((flags & Netif.NETRXF_MORE_DATA) != 0) {
            if (next == responseAt.length) {
                return 0;
            }
            flags = RxResponse.flags(responses, responseAt[next++]);
        }
        return next;
    }

    /// For a ring of such slots.
    static RecordedRing.Match of(RingSlots slots) {
        return slots.equals(Netif.RX) ? NET_RX : slots.equals(Netif.TX) ? NET_TX : BLK;
    }
}
