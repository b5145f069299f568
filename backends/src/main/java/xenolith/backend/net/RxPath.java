package xenolith.backend.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import xenolith.backend.BrokenRingException;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;

/// Frames for the guest: takes them from the port into memory of ours, where the filter looks at them, and copies those
/// that pass into the pages that the guest has posted. For one thread.
///
/// While the guest posts no pages its frames stay in the port, whose queue tells the sender to wait; what has been
/// taken and finds no room for ten seconds is lost. A frame that a hash deals to another queue is lost at once if that one
/// has no room: its own guest's slowness is no reason to hold up this queue's.
final class RxPath {
    /// What can be taken at once: more than any frame.
    private static final int BUFFER_BYTES = 18 * RxRing.PAGE_BYTES;
    private static final long PATIENCE_NS = 10_000_000_000L;
    /// As often as Linux's backend looks for pages of a frontend that does not say when it has posted some.
    private static final long LOOK_NS = 30_000_000;
    /// More than a TAP keeps, unless somebody has set its `txqueuelen` so high.
    private static final int MAX_STALE = 16_384;
    private static final ValueLayout.OfLong NET64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final RxRing own;
    /// Those of all queues, our own among them.
    private final RxRing[] rings;
    private final FramePort link;
    private final Vif vif;
    private final GuestFeatures guest;
    private final NetCounters counters;
    private final MemorySegment vnet = Arena.ofAuto().allocate(VnetHeader.SIZEOF, Long.BYTES);
    private final MemorySegment frame = Arena.ofAuto().allocate(BUFFER_BYTES, Long.BYTES);
    private final Iovec into = new Iovec(2);
    /// A frame that was taken, passed, and waits for room in our own ring; 0 if there is none.
    private int heldBytes;
    private RxRing heldFor;
    private long heldHash;
    private long heldSinceNs;
    /// Whether a frame could be handed over when it settled.
    private boolean canTake;
    /// When to look for pages of which nobody will tell.
    private long lookAtNs = Long.MAX_VALUE;
    private long nowNs;

    /// @param index which of `rings` is the queue's own
    RxPath(int index, RxRing[] rings, FramePort link, Vif vif, GuestFeatures guest, NetCounters counters) {
        this.own = rings[index];
        this.rings = rings;
        this.link = link;
        this.vif = vif;
        this.guest = guest;
        this.counters = counters;
        into.add(vnet, 0, VnetHeader.SIZEOF);
        into.add(frame, 0, BUFFER_BYTES);
    }

    /// Before the first [#serve]: what has come for a frontend that is gone is not for this one.
    void dropStale() {
        for (int i = 0; i < MAX_STALE && link.receive(into) >= 0; i++) {
            counters.rxDropped++;
        }
    }

    /// Hands over what waits, up to `budget` frames. Returns how many it took.
    int serve(int budget, long now) throws BrokenRingException {
        nowNs = now;
        own.begin();
        int taken = 0;
        while (taken < budget && deliverHeld() && own.waiting() > 0 && take()) {
            taken++;
        }
        own.publish();
        return taken;
    }

    /// Before its thread sleeps: asks for an event if it is pages that are missing, or sets a time to look for them where
    /// none will come. Returns whether there is work now.
    boolean settle(long now) throws BrokenRingException {
        boolean posted = own.awaitPages(heldBytes == 0 ? 1 : RxRing.slotsNeeded(vnet, heldBytes, heldHash));
        canTake = posted && heldBytes == 0;
        lookAtNs = posted || guest.rxNotify() ? Long.MAX_VALUE : now + LOOK_NS;
        return posted && heldBytes != 0;
    }

    /// What to wait for after [#settle]: the port's descriptor, or -1 while no frame could be handed over. By what was seen
    /// there: another queue may have filled the pages since, of which no event and no time has been asked for.
    int descriptor() {
        return canTake ? link.descriptor() : -1;
    }

    long dueNs() {
        return heldBytes == 0 ? lookAtNs : Math.min(lookAtNs, heldSinceNs + PATIENCE_NS);
    }

    /// Takes the next frame from the port; it is held if the guest is to have it. Returns false if there is none.
    ///
    /// @throws HostException if none will come any more
    private boolean take() {
        int byteLength = link.receive(into);
        if (byteLength == -Errno.EAGAIN) {
            return false;
        }
        HostException.check("what it is attached to", byteLength);
        int frameBytes = byteLength - FramePort.HEADER_BYTES;
        if (frameBytes < FramePort.ETHERNET_BYTES || !isForGuest(frameBytes)) {
            counters.rxDropped++;
            return true;
        }
        heldBytes = frameBytes;
        heldSinceNs = nowNs;
        heldHash = vif.hash().of(frame, Math.min(frameBytes, FrameFilter.HEAD_BYTES));
        heldFor = heldHash == NetHash.NONE ? own : rings[vif.hash().queue(heldHash, rings.length)];
        return true;
    }

    private boolean isForGuest(int frameBytes) {
        return vif.wants(frame.get(NET64, 0) >>> 16)
                && Checksums.isCutRight(vnet, frame, Math.min(frameBytes, FrameFilter.HEAD_BYTES))
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
        if (!taken || !guest.sg() && frameBytes > RxRing.PAGE_BYTES) {
            return false;
        }
        if ((VnetHeader.flags(vnet) & VnetHeader.VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0) {
            return true;
        }
        boolean left = Checksums.isIpv6(frame) ? guest.checksumIpv6() : guest.checksumIpv4();
        return left && Checksums.isUsual(vnet, frame, Math.min(frameBytes, FrameFilter.HEAD_BYTES))
                || gso == VnetHeader.VIRTIO_NET_HDR_GSO_NONE && Checksums.finish(vnet, frame, frameBytes);
    }

    /// Returns false if the frame that is held must be held on.
    private boolean deliverHeld() throws BrokenRingException {
        if (heldBytes == 0) {
            return true;
        }
        if (!heldFor.deliver(vnet, frame, heldBytes, heldHash)) {
            if (heldFor == own && nowNs - heldSinceNs < PATIENCE_NS) {
                return false;
            }
            counters.rxDropped++;
        } else if (heldFor != own) {
            heldFor.publish();
        }
        heldBytes = 0;
        return true;
    }
}
