package xenolith.backend.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import xenolith.abi.XenGrantTable;
import xenolith.abi.io.BackRing;
import xenolith.abi.io.Netif;
import xenolith.abi.io.Netif.ExtraInfo;
import xenolith.abi.io.Netif.RxResponse;
import xenolith.backend.BrokenRingException;
import xenolith.backend.PatientGrants;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// Frames for the guest: takes them from the port into memory of ours, where the filter looks at them, and copies those
/// that pass into the pages that the guest has posted. For one thread.
///
/// While the guest posts no pages its frames stay in the port, whose queue tells the sender to wait; what has been
/// taken and finds no room for ten seconds is lost.
final class RxPath {
    private static final int PAGE_BYTES = 4096;
    /// What can be taken at once: more than any frame.
    private static final int BUFFER_BYTES = 18 * PAGE_BYTES;
    private static final int ETHERNET_BYTES = 14;
    private static final long PATIENCE_NS = 10_000_000_000L;
    private static final int BATCH = 64;
    private static final ValueLayout.OfLong NET64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final BackRing ring;
    private final EventPort port;
    private final GrantAccess grants;
    private final FramePort link;
    private final Vif vif;
    private final GuestFeatures guest;
    private final NetCounters counters;
    private final MemorySegment vnet = Arena.ofAuto().allocate(VnetHeader.SIZEOF, Long.BYTES);
    private final MemorySegment frame = Arena.ofAuto().allocate(BUFFER_BYTES, Long.BYTES);
    private final Iovec into = new Iovec(2);
    private final MemorySegment request = Arena.ofAuto().allocate(Netif.RxRequest.SIZEOF, Long.BYTES);
    private final MemorySegment response = Arena.ofAuto().allocate(RxResponse.SIZEOF, Long.BYTES);
    private int unpublished;
    /// A frame that was taken, passed, and waits for room; 0 if there is none.
    private int heldBytes;
    private long heldSinceNs;
    private boolean ended;

    RxPath(BackRing ring, EventPort port, GrantAccess grants, FramePort link, Vif vif, GuestFeatures guest,
            NetCounters counters) {
        this.ring = ring;
        this.port = port;
        this.grants = grants;
        this.link = link;
        this.vif = vif;
        this.guest = guest;
        this.counters = counters;
        into.add(vnet, 0, VnetHeader.SIZEOF);
        into.add(frame, 0, BUFFER_BYTES);
    }

    /// Hands over what waits, up to `budget` frames. Returns how many it took.
    int serve(int budget, long nowNs) throws BrokenRingException {
        int taken = 0;
        while (taken < budget && deliverHeld(nowNs) && checked(ring.waiting()) > 0 && take(nowNs)) {
            taken++;
            if (unpublished >= BATCH) {
                publish();
            }
        }
        publish();
        return taken;
    }

    private static int checked(int waiting) throws BrokenRingException {
        if (waiting < 0) {
            throw new BrokenRingException("the indices of the receive ring cannot be true");
        }
        return waiting;
    }

    /// Before its thread sleeps: asks for an event if it is pages that are missing. Returns whether there is work now.
    boolean settle() throws BrokenRingException {
        int needed = heldBytes == 0 ? 1 : slotsNeeded();
        boolean enough = checked(ring.waiting()) >= needed || checked(ring.finalCheck(needed)) >= needed;
        return enough && heldBytes != 0;
    }

    /// What to wait for: the port's descriptor, or -1 while no frame could be handed over.
    int descriptor() throws BrokenRingException {
        return ended || heldBytes != 0 || checked(ring.waiting()) == 0 ? -1 : link.descriptor();
    }

    long dueNs() {
        return heldBytes == 0 ? Long.MAX_VALUE : heldSinceNs + PATIENCE_NS;
    }

    /// Takes the next frame from the port; it is held if the guest is to have it. Returns false if there is none.
    private boolean take(long nowNs) {
        if (ended) {
            return false;
        }
        int byteLength = link.receive(into);
        if (byteLength < 0) {
            ended = byteLength != -Errno.EAGAIN;
            return false;
        }
        int frameBytes = byteLength - FramePort.HEADER_BYTES;
        if (frameBytes < ETHERNET_BYTES || !isForGuest(frameBytes)) {
            counters.rxDropped++;
            return true;
        }
        heldBytes = frameBytes;
        heldSinceNs = nowNs;
        return true;
    }

    private boolean isForGuest(int frameBytes) {
        return vif.wants(frame.get(NET64, 0) >>> 16)
                && vif.filter().toGuest(vnet, frame, Math.min(frameBytes, FrameFilter.HEAD_BYTES), frameBytes)
                && finish(frameBytes);
    }

    /// Does what the guest would not do: returns false where we cannot either.
    private boolean finish(int frameBytes) {
        int gso = VnetHeader.gsoType(vnet) & ~VnetHeader.VIRTIO_NET_HDR_GSO_ECN;
        boolean taken = switch (gso) {
            case VnetHeader.VIRTIO_NET_HDR_GSO_NONE -> true;
            case VnetHeader.VIRTIO_NET_HDR_GSO_TCPV4 -> guest.gsoTcpv4();
            case VnetHeader.VIRTIO_NET_HDR_GSO_TCPV6 -> guest.gsoTcpv6();
            default -> false;
        };
        if (!taken || !guest.sg() && frameBytes > PAGE_BYTES) {
            return false;
        }
        if ((VnetHeader.flags(vnet) & VnetHeader.VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0) {
            return true;
        }
        boolean left = Checksums.isIpv6(frame) ? guest.checksumIpv6() : guest.checksumIpv4();
        return left && Checksums.isUsual(vnet, frame, Math.min(frameBytes, FrameFilter.HEAD_BYTES))
                || gso == VnetHeader.VIRTIO_NET_HDR_GSO_NONE && Checksums.finish(vnet, frame, frameBytes);
    }

    private int slotsNeeded() {
        int pages = (heldBytes + PAGE_BYTES - 1) / PAGE_BYTES;
        return VnetHeader.gsoType(vnet) == VnetHeader.VIRTIO_NET_HDR_GSO_NONE ? pages : pages + 1;
    }

    /// Returns false if the frame that is held must be held on.
    private boolean deliverHeld(long nowNs) throws BrokenRingException {
        if (heldBytes == 0) {
            return true;
        }
        if (checked(ring.waiting()) < slotsNeeded()) {
            if (nowNs - heldSinceNs < PATIENCE_NS) {
                return false;
            }
            counters.rxDropped++;
        } else {
            deliver();
        }
        heldBytes = 0;
        return true;
    }

    private void deliver() {
        int gsoType = VnetHeader.gsoType(vnet) & ~VnetHeader.VIRTIO_NET_HDR_GSO_ECN;
        boolean isGso = gsoType != VnetHeader.VIRTIO_NET_HDR_GSO_NONE;
        int flags = checksumFlags() | (isGso ? Netif.NETRXF_EXTRA_INFO : 0);
        boolean failed = false;
        for (int at = 0; at < heldBytes; at += PAGE_BYTES) {
            int here = Math.min(PAGE_BYTES, heldBytes - at);
            boolean last = at + here == heldBytes;
            failed |= !piece(at, here, flags | (last ? 0 : Netif.NETRXF_MORE_DATA));
            if (at == 0 && isGso) {
                gso(gsoType);
            }
            flags = 0;
        }
        if (failed) {
            counters.rxErrors++;
        } else {
            counters.rxFrames++;
            counters.rxBytes += heldBytes;
        }
    }

    private int checksumFlags() {
        int flags = VnetHeader.flags(vnet);
        if ((flags & VnetHeader.VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
            return Netif.NETRXF_CSUM_BLANK | Netif.NETRXF_DATA_VALIDATED;
        }
        return (flags & VnetHeader.VIRTIO_NET_HDR_F_DATA_VALID) != 0 ? Netif.NETRXF_DATA_VALIDATED : 0;
    }

    /// Copies one piece into the next page that the guest posted, and answers.
    private boolean piece(int at, int byteLength, int flags) {
        ring.take(request, 0);
        int rc = PatientGrants.copyTo(grants, Netif.RxRequest.gref(request, 0), 0, frame, at, byteLength);
        boolean done = rc == XenGrantTable.GNTST_OKAY;
        RxResponse.id(response, 0, Netif.RxRequest.id(request, 0));
        RxResponse.offset(response, 0, 0);
        RxResponse.flags(response, 0, flags);
        RxResponse.status(response, 0, done ? byteLength : Netif.NETIF_RSP_ERROR);
        respond();
        return done;
    }

    /// The slot behind the first says how the frame is to be cut. The page that was posted there is not used; the
    /// frontend knows and posts it again.
    private void gso(int gsoType) {
        ring.take(request, 0);
        response.fill((byte) 0);
        ExtraInfo.type(response, 0, Netif.XEN_NETIF_EXTRA_TYPE_GSO);
        ExtraInfo.gsoSize(response, 0, VnetHeader.gsoSize(vnet));
        ExtraInfo.gsoType(response, 0, gsoType == VnetHeader.VIRTIO_NET_HDR_GSO_TCPV4
                ? Netif.XEN_NETIF_GSO_TYPE_TCPV4 : Netif.XEN_NETIF_GSO_TYPE_TCPV6);
        respond();
    }

    private void respond() {
        ring.put(response, 0);
        counters.rxSlots++;
        unpublished++;
    }

    private void publish() {
        if (unpublished > 0) {
            unpublished = 0;
            if (ring.push()) {
                counters.rxEvents++;
                port.notifyGuest();
            }
        }
    }
}
