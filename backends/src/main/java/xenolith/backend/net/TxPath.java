package xenolith.backend.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import xenolith.abi.XenGrantTable;
import xenolith.abi.io.Netif;
import xenolith.abi.io.RequestRing;
import xenolith.backend.BrokenRingException;
import xenolith.backend.GrantPatience;
import xenolith.backend.PatientGrants;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// Frames from the guest: takes packets out of the transmit ring and sends them through the port, in their order.
///
/// A small frame is copied. Of a large one the head is copied, so that what the filter sees is what is sent, and the
/// rest goes straight from the guest's pages, which are mapped until the port has taken the frame. For one thread.
final class TxPath {
    /// Mapping a page costs three times the domain's lock, copying costs it once.
    static final int COPY_BYTES = 2048;
    /// How long a frame waits for room in the port before it is lost.
    private static final long PATIENCE_NS = 5_000_000;
    private static final long RETRY_NS = 100_000;
    /// Who waits for credit looks whether the rate is another by now.
    private static final long RATE_LOOK_NS = 100_000_000;
    /// Responses are published when so many wait, or when the ring has been served.
    private static final int BATCH = 64;
    /// A guest that waits for no more than so many slots has room to go on.
    private static final int FEW_SLOTS = 4;
    /// How long an event about few slots may wait for the guest to look by itself, and about many while other work
    /// goes on.
    private static final long FEW_OWED_NS = 500_000;
    private static final long MANY_OWED_NS = 100_000;

    private final RequestRing ring;
    private final EventPort port;
    private final GrantAccess grants;
    private final FramePort link;
    private final Vif vif;
    private final NetCounters counters;
    private final TxPacket packet;
    private final MemorySegment vnet = Arena.ofAuto().allocate(VnetHeader.SIZEOF, Long.BYTES);
    private final MemorySegment head;
    private final Iovec frame = new Iovec(TxPacket.MAX_PIECES + 2);
    private final int[] handles = new int[TxPacket.MAX_PIECES];
    private int handleCount;
    /// For all frames of a round together: others wait for their turn.
    private final GrantPatience patience = GrantPatience.brief();
    private final MemorySegment response = Arena.ofAuto().allocate(Netif.TxResponse.SIZEOF, Long.BYTES);
    private int unpublished;
    /// The guest asked for an event that it has not got yet.
    private boolean eventOwed;
    private long eventOwedSinceNs;
    /// A frame that is ready and waits: until it may go by its credit, then for room in the port.
    private boolean held;
    private long heldSinceNs;
    private int paidAt;
    private long retryAtNs;

    TxPath(RequestRing ring, EventPort port, GrantAccess grants, FramePort link, Vif vif, NetCounters counters) {
        this.ring = ring;
        this.port = port;
        this.grants = grants;
        this.link = link;
        this.vif = vif;
        this.counters = counters;
        this.packet = new TxPacket(ring.size());
        // Where the link takes nothing unfinished, checksums are computed here, over a whole frame of ours.
        this.head = Arena.ofAuto().allocate(vif.takesOffloads() ? COPY_BYTES : Netif.XEN_NETIF_MAX_TX_SIZE + 1,
                Long.BYTES);
    }

    /// Sends what waits, up to `budget` packets. Returns how many slots it got done with.
    int serve(int budget, long nowNs) throws BrokenRingException {
        int slots = 0;
        patience.renew();
        if (held && !sendHeld(nowNs)) {
            return 0;
        }
        for (int i = 0; i < budget && !held && checked(ring.waiting()) > 0; i++) {
            packet.take(ring);
            slots += packet.slotCount();
            counters.txSlots += packet.slotCount();
            begin(nowNs);
            if (unpublished >= BATCH) {
                publish(nowNs);
            }
        }
        publish(nowNs);
        if (eventOwed && nowNs - eventOwedSinceNs > MANY_OWED_NS) {
            sendOwedEvent(nowNs);
        }
        return slots;
    }

    private static int checked(int waiting) throws BrokenRingException {
        if (waiting < 0) {
            throw new BrokenRingException("the indices of the transmit ring cannot be true");
        }
        return waiting;
    }

    /// Before its thread sleeps: asks for an event, and looks once more. Returns whether there is work now.
    boolean settle(long nowNs) throws BrokenRingException {
        sendOwedEvent(nowNs);
        return !held && checked(ring.finalCheck()) > 0;
    }

    /// When to serve again though nothing happens; [Long#MAX_VALUE] if never.
    long dueNs() {
        return Math.min(held ? retryAtNs : Long.MAX_VALUE, eventOwed ? eventOwedSinceNs + FEW_OWED_NS : Long.MAX_VALUE);
    }

    private void begin(long nowNs) {
        if (packet.isBad()) {
            counters.txErrors++;
            respond(Netif.NETIF_RSP_ERROR);
        } else if (packet.multicast() != 0) {
            respond(vif.multicast(packet) ? Netif.NETIF_RSP_OKAY : Netif.NETIF_RSP_ERROR);
        } else if (!gather()) {
            release();
            counters.txErrors++;
            respond(Netif.NETIF_RSP_ERROR);
        } else if (!vif.filter().fromGuest(vnet, head, headBytes(), packet.frameBytes())) {
            release();
            counters.txDropped++;
            respond(Netif.NETIF_RSP_DROPPED);
        } else {
            held = true;
            pay(nowNs);
            sendHeld(nowNs);
        }
    }

    private boolean isCopied() {
        return packet.frameBytes() <= COPY_BYTES || !vif.takesOffloads();
    }

    private int headBytes() {
        return Math.min(packet.frameBytes(), FrameFilter.HEAD_BYTES);
    }

    /// Makes the frame out of header, head and pages. Returns false if that cannot be.
    private boolean gather() {
        int frameBytes = packet.frameBytes();
        if (frameBytes > vif.maxFrameBytes() || packet.gsoType() != 0 && !vif.takesOffloads()) {
            return false;
        }
        int copied = isCopied() ? frameBytes : headBytes();
        frame.clear();
        frame.add(vnet, 0, VnetHeader.SIZEOF);
        frame.add(head, 0, copied);
        int at = 0;
        for (int i = 0; i < packet.pieceCount(); i++) {
            int mine = Math.min(packet.size(i), Math.max(0, copied - at));
            if (!copy(i, mine, at) || !map(i, mine)) {
                return false;
            }
            at += packet.size(i);
        }
        return describe();
    }

    private boolean copy(int piece, int byteLength, int at) {
        return byteLength == 0 || PatientGrants.copyFrom(grants, packet.ref(piece), packet.offset(piece), head, at,
                byteLength, patience) == XenGrantTable.GNTST_OKAY;
    }

    /// Adds what is behind the first `skip` bytes of a piece.
    private boolean map(int piece, int skip) {
        if (packet.size(piece) == skip) {
            return true;
        }
        int handle = PatientGrants.map(grants, packet.ref(piece), false, patience);
        if (handle < 0) {
            return false;
        }
        handles[handleCount++] = handle;
        frame.add(grants.page(handle), packet.offset(piece) + skip, packet.size(piece) - skip);
        return true;
    }

    /// Says in the header what is left to do, or does it.
    private boolean describe() {
        VnetHeader.clear(vnet);
        if (packet.gsoType() != Netif.XEN_NETIF_GSO_TYPE_NONE) {
            VnetHeader.gsoType(vnet, packet.gsoType() == Netif.XEN_NETIF_GSO_TYPE_TCPV4
                    ? VnetHeader.VIRTIO_NET_HDR_GSO_TCPV4 : VnetHeader.VIRTIO_NET_HDR_GSO_TCPV6);
            VnetHeader.gsoSize(vnet, packet.gsoSize());
            if (!Checksums.isCutRight(vnet, head, headBytes())) {
                return false;
            }
        }
        if (packet.isChecksumBlank()) {
            return Checksums.leave(vnet, head, headBytes(), packet.frameBytes())
                    && (vif.takesOffloads() || finish());
        }
        if (packet.isDataValidated() && vif.takesOffloads()) {
            VnetHeader.flags(vnet, VnetHeader.VIRTIO_NET_HDR_F_DATA_VALID);
        }
        return true;
    }

    private boolean finish() {
        boolean done = Checksums.finish(vnet, head, packet.frameBytes());
        VnetHeader.clear(vnet);
        return done;
    }

    /// From `heldSinceNs` on the frame may go.
    private void pay(long nowNs) {
        paidAt = vif.credit().rates();
        heldSinceNs = nowNs + vif.credit().take(packet.frameBytes(), nowNs);
    }

    /// Returns false if the frame waits on.
    private boolean sendHeld(long nowNs) {
        if (nowNs - heldSinceNs < 0 && vif.credit().rates() != paidAt) {
            pay(nowNs);
        }
        if (nowNs - heldSinceNs < 0) {
            retryAtNs = Math.min(heldSinceNs, nowNs + RATE_LOOK_NS);
            return false;
        }
        int rc = link.send(frame);
        if (rc == -Errno.EAGAIN && nowNs - heldSinceNs < PATIENCE_NS) {
            retryAtNs = nowNs + RETRY_NS;
            return false;
        }
        held = false;
        release();
        if (rc == 0) {
            counters.txFrames++;
            counters.txBytes += packet.frameBytes();
        } else {
            counters.txDropped++;
        }
        respond(rc == 0 ? Netif.NETIF_RSP_OKAY : rc == -Errno.EINVAL ? Netif.NETIF_RSP_ERROR : Netif.NETIF_RSP_DROPPED);
        return true;
    }

    private void release() {
        while (handleCount > 0) {
            grants.unmap(handles[--handleCount]);
        }
    }

    /// One response for each slot, in their order.
    private void respond(int status) {
        for (int i = 0; i < packet.slotCount(); i++) {
            boolean extra = packet.isExtra(i);
            Netif.TxResponse.id(response, 0, extra ? 0 : packet.id(i));
            Netif.TxResponse.status(response, 0, extra ? Netif.NETIF_RSP_NULL : status);
            ring.put(response, 0);
        }
        unpublished += packet.slotCount();
    }

    private void publish(long nowNs) {
        if (unpublished > 0) {
            unpublished = 0;
            if (ring.push() && !eventOwed) {
                eventOwed = true;
                eventOwedSinceNs = nowNs;
            }
        }
    }

    /// An event that says that frames were sent interrupts the guest at its work, often while it sends more, and then
    /// finds these responses by itself. So it gets one only if it has not by the time that there is nothing left to do
    /// here, or after a nap; and if they are few, a little later still.
    void sendOwedEvent(long nowNs) {
        if (!eventOwed) {
            return;
        }
        int unseen = ring.unseenResponses();
        if (unseen > 0 && unseen <= FEW_SLOTS && nowNs - eventOwedSinceNs < FEW_OWED_NS) {
            return;
        }
        eventOwed = false;
        if (unseen > 0) {
            counters.txEvents++;
            port.notifyGuest();
        }
    }
}
