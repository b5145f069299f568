package xenolith.backend.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import xenolith.abi.XenGrantTable;
import xenolith.abi.io.Netif;
import xenolith.abi.io.Netif.ExtraInfo;
import xenolith.abi.io.Netif.RxResponse;
import xenolith.abi.io.NetifCtrl;
import xenolith.abi.io.RequestRing;
import xenolith.backend.BrokenRingException;
import xenolith.backend.GrantPatience;
import xenolith.backend.PatientGrants;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// A queue's receive ring: the pages that the guest posts and the frames that are put into them. Of its own queue's
/// worker as a rule; where the frontend deals frames by a hash the others put theirs in too, hence the monitor.
final class RxRing {
    static final int PAGE_BYTES = 4096;
    private static final int HASH_BYTES = 4;
    private static final int BATCH = 64;

    private final RequestRing ring;
    private final EventPort port;
    private final GrantAccess grants;
    private final NetCounters counters;
    private final MemorySegment request = Arena.ofAuto().allocate(Netif.RxRequest.SIZEOF, Long.BYTES);
    private final MemorySegment response = Arena.ofAuto().allocate(RxResponse.SIZEOF, Long.BYTES);
    /// For all frames of a round of its queue's together: others wait for their turn.
    private final GrantPatience patience = GrantPatience.brief();
    private int unpublished;

    RxRing(RequestRing ring, EventPort port, GrantAccess grants, NetCounters counters) {
        this.ring = ring;
        this.port = port;
        this.grants = grants;
        this.counters = counters;
    }

    /// Its queue's turn begins.
    synchronized void begin() {
        patience.renew();
    }

    /// Pages that wait to be filled.
    synchronized int waiting() throws BrokenRingException {
        return checked(ring.waiting());
    }

    /// Asks for an event when `needed` pages are posted. Returns whether they are.
    synchronized boolean awaitPages(int needed) throws BrokenRingException {
        return checked(ring.waiting()) >= needed || checked(ring.finalCheck(needed)) >= needed;
    }

    private static int checked(int waiting) throws BrokenRingException {
        if (waiting < 0) {
            throw new BrokenRingException("the indices of the receive ring cannot be true");
        }
        return waiting;
    }

    /// How many slots a frame takes.
    static int slotsNeeded(MemorySegment vnet, int frameBytes, long hash) {
        return (frameBytes + PAGE_BYTES - 1) / PAGE_BYTES + (gsoType(vnet) != VnetHeader.VIRTIO_NET_HDR_GSO_NONE ? 1 : 0)
                + (hash != NetHash.NONE ? 1 : 0);
    }

    private static int gsoType(MemorySegment vnet) {
        return VnetHeader.gsoType(vnet) & ~VnetHeader.VIRTIO_NET_HDR_GSO_ECN;
    }

    /// Puts a frame into the pages that wait. Returns false if they are too few.
    ///
    /// @param hash as [NetHash#of]
    synchronized boolean deliver(MemorySegment vnet, MemorySegment frame, int frameBytes, long hash)
            throws BrokenRingException {
        if (checked(ring.waiting()) < slotsNeeded(vnet, frameBytes, hash)) {
            return false;
        }
        boolean isGso = gsoType(vnet) != VnetHeader.VIRTIO_NET_HDR_GSO_NONE;
        int flags = checksumFlags(vnet) | (isGso || hash != NetHash.NONE ? Netif.NETRXF_EXTRA_INFO : 0);
        boolean failed = false;
        for (int at = 0; at < frameBytes; at += PAGE_BYTES) {
            int here = Math.min(PAGE_BYTES, frameBytes - at);
            boolean last = at + here == frameBytes;
            failed |= !piece(frame, at, here, flags | (last ? 0 : Netif.NETRXF_MORE_DATA));
            if (at == 0) {
                extras(vnet, isGso, hash);
            }
            flags = 0;
        }
        count(failed, frameBytes);
        if (unpublished >= BATCH) {
            publish();
        }
        return true;
    }

    private void count(boolean failed, int frameBytes) {
        if (failed) {
            counters.rxErrors++;
        } else {
            counters.rxFrames++;
            counters.rxBytes += frameBytes;
        }
    }

    private static int checksumFlags(MemorySegment vnet) {
        int flags = VnetHeader.flags(vnet);
        if ((flags & VnetHeader.VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
            return Netif.NETRXF_CSUM_BLANK | Netif.NETRXF_DATA_VALIDATED;
        }
        return (flags & VnetHeader.VIRTIO_NET_HDR_F_DATA_VALID) != 0 ? Netif.NETRXF_DATA_VALIDATED : 0;
    }

    /// Copies one piece into the next page that the guest posted, and answers.
    private boolean piece(MemorySegment frame, int at, int byteLength, int flags) {
        ring.take(request, 0);
        int rc = PatientGrants.copyTo(grants, Netif.RxRequest.gref(request, 0), 0, frame, at, byteLength,
                patience);
        boolean done = rc == XenGrantTable.GNTST_OKAY;
        RxResponse.id(response, 0, Netif.RxRequest.id(request, 0));
        RxResponse.offset(response, 0, 0);
        RxResponse.flags(response, 0, flags);
        RxResponse.status(response, 0, done ? byteLength : Netif.NETIF_RSP_ERROR);
        respond();
        return done;
    }

    /// The slots behind the first say how the frame is to be cut, and its hash. The pages that were posted there are not
    /// used; the frontend knows and posts them again.
    private void extras(MemorySegment vnet, boolean isGso, long hash) {
        if (isGso) {
            ring.take(request, 0);
            response.fill((byte) 0);
            ExtraInfo.type(response, 0, Netif.XEN_NETIF_EXTRA_TYPE_GSO);
            ExtraInfo.flags(response, 0, hash != NetHash.NONE ? Netif.XEN_NETIF_EXTRA_FLAG_MORE : 0);
            ExtraInfo.gsoSize(response, 0, VnetHeader.gsoSize(vnet));
            ExtraInfo.gsoType(response, 0, gsoType(vnet) == VnetHeader.VIRTIO_NET_HDR_GSO_TCPV4
                    ? Netif.XEN_NETIF_GSO_TYPE_TCPV4 : Netif.XEN_NETIF_GSO_TYPE_TCPV6);
            respond();
        }
        if (hash != NetHash.NONE) {
            ring.take(request, 0);
            response.fill((byte) 0);
            ExtraInfo.type(response, 0, Netif.XEN_NETIF_EXTRA_TYPE_HASH);
            ExtraInfo.hashType(response, 0, (int) (hash >>> Integer.SIZE));
            ExtraInfo.algorithm(response, 0, NetifCtrl.XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
            for (int i = 0; i < HASH_BYTES; i++) {
                ExtraInfo.value(response, 0, i, (int) (hash >> i * Byte.SIZE) & 0xFF);
            }
            respond();
        }
    }

    private void respond() {
        ring.put(response, 0);
        counters.rxSlots++;
        unpublished++;
    }

    synchronized void publish() {
        if (unpublished > 0) {
            unpublished = 0;
            if (ring.push()) {
                counters.rxEvents++;
                port.notifyGuest();
            }
        }
    }
}
