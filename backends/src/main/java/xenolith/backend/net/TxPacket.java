package xenolith.backend.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import xenolith.abi.io.Netif;
import xenolith.abi.io.Netif.ExtraInfo;
import xenolith.abi.io.Netif.TxRequest;
import xenolith.abi.io.RequestRing;
import xenolith.backend.BrokenRingException;

/// The slots of one packet that the guest sends, taken out of the ring into memory of ours, and what is left of them
/// after the checks: pieces, and how to finish the frame. Filled anew for each packet, for one thread.
final class TxPacket {
    /// What netif.h requires, and all that Linux's backend takes.
    static final int MAX_PIECES = Netif.XEN_NETIF_NR_SLOTS_MIN;
    static final int PAGE_BYTES = 4096;
    /// In place of an id: the slot held extra information.
    private static final int EXTRA = -1;

    private final MemorySegment slot = Arena.ofAuto().allocate(TxRequest.SIZEOF, Long.BYTES);
    private final int[] ids;
    private int slotCount;
    private final int[] refs = new int[MAX_PIECES];
    private final int[] offsets = new int[MAX_PIECES];
    private final int[] sizes = new int[MAX_PIECES];
    private int pieceCount;
    private int frameBytes;
    private int flags;
    private int extrasSeen;
    private int gsoType;
    private int gsoSize;
    private int multicast;
    private final byte[] multicastAddress = new byte[6];
    private boolean bad;

    /// @param ringSize how many slots can be taken before any is answered
    TxPacket(int ringSize) {
        ids = new int[ringSize];
    }

    /// Takes the next packet.
    ///
    /// @throws BrokenRingException if its end is not in the ring: a frontend publishes whole packets
    void take(RequestRing ring) throws BrokenRingException {
        clear();
        next(ring);
        flags = TxRequest.flags(slot, 0);
        frameBytes = TxRequest.size(slot, 0);
        ids[slotCount - 1] = TxRequest.id(slot, 0);
        addPiece();
        int rest = frameBytes;
        if ((flags & Netif.NETTXF_EXTRA_INFO) != 0) {
            takeExtras(ring);
        }
        boolean more = (flags & Netif.NETTXF_MORE_DATA) != 0;
        while (more) {
            next(ring);
            ids[slotCount - 1] = TxRequest.id(slot, 0);
            addPiece();
            rest -= TxRequest.size(slot, 0);
            more = (TxRequest.flags(slot, 0) & Netif.NETTXF_MORE_DATA) != 0;
        }
        sizes[0] = rest;
        check();
    }

    private void clear() {
        slotCount = 0;
        pieceCount = 0;
        extrasSeen = 0;
        gsoType = Netif.XEN_NETIF_GSO_TYPE_NONE;
        gsoSize = 0;
        multicast = Netif.XEN_NETIF_EXTRA_TYPE_NONE;
        bad = false;
    }

    /// The ring bounds every packet: slots that are not answered are not used again.
    private void next(RequestRing ring) throws BrokenRingException {
        int waiting = ring.waiting();
        if (waiting < 0) {
            throw new BrokenRingException("the indices of the transmit ring cannot be true");
        }
        if (waiting == 0) {
            throw new BrokenRingException("a packet in the transmit ring has no end");
        }
        ring.take(slot, 0);
        slotCount++;
    }

    private void addPiece() {
        if (pieceCount == MAX_PIECES) {
            bad = true;
            return;
        }
        refs[pieceCount] = TxRequest.gref(slot, 0);
        offsets[pieceCount] = TxRequest.offset(slot, 0);
        sizes[pieceCount++] = TxRequest.size(slot, 0);
    }

    /// Each kind once, so a chain that goes on for ever is bad long before the ring ends.
    private void takeExtras(RequestRing ring) throws BrokenRingException {
        boolean more = true;
        while (more) {
            next(ring);
            ids[slotCount - 1] = EXTRA;
            int type = ExtraInfo.type(slot, 0);
            if (type <= Netif.XEN_NETIF_EXTRA_TYPE_NONE || type >= Netif.XEN_NETIF_EXTRA_TYPE_MAX
                    || (extrasSeen & 1 << type) != 0) {
                bad = true;
            } else {
                extrasSeen |= 1 << type;
                extra(type);
            }
            more = (ExtraInfo.flags(slot, 0) & Netif.XEN_NETIF_EXTRA_FLAG_MORE) != 0;
        }
    }

    private void extra(int type) {
        switch (type) {
            case Netif.XEN_NETIF_EXTRA_TYPE_GSO -> {
                gsoType = ExtraInfo.gsoType(slot, 0);
                gsoSize = ExtraInfo.gsoSize(slot, 0);
                bad |= gsoSize == 0 || gsoType != Netif.XEN_NETIF_GSO_TYPE_TCPV4
                        && gsoType != Netif.XEN_NETIF_GSO_TYPE_TCPV6;
            }
            case Netif.XEN_NETIF_EXTRA_TYPE_MCAST_ADD, Netif.XEN_NETIF_EXTRA_TYPE_MCAST_DEL -> {
                bad |= multicast != Netif.XEN_NETIF_EXTRA_TYPE_NONE;
                multicast = type;
                for (int i = 0; i < multicastAddress.length; i++) {
                    multicastAddress[i] = (byte) ExtraInfo.addr(slot, 0, i);
                }
            }
            default -> { } // The hash that the guest computed: of no use here.
        }
    }

    private void check() {
        if (multicast != Netif.XEN_NETIF_EXTRA_TYPE_NONE) {
            return;
        }
        bad |= frameBytes < FramePort.ETHERNET_BYTES || sizes[0] < 0;
        for (int i = 0; i < pieceCount; i++) {
            bad |= offsets[i] + sizes[i] > PAGE_BYTES;
        }
    }

    /// Whether it breaks the interface's rules.
    boolean isBad() {
        return bad;
    }

    /// No frame but a request for, or against, frames to a group: `XEN_NETIF_EXTRA_TYPE_MCAST_`; else 0.
    int multicast() {
        return multicast;
    }

    byte[] multicastAddress() {
        return multicastAddress;
    }

    int frameBytes() {
        return frameBytes;
    }

    /// Whether the checksum is left to us. Of what is still to be cut it always is, whatever the frontend says.
    boolean isChecksumBlank() {
        return (flags & Netif.NETTXF_CSUM_BLANK) != 0 || gsoType != Netif.XEN_NETIF_GSO_TYPE_NONE;
    }

    boolean isDataValidated() {
        return (flags & Netif.NETTXF_DATA_VALIDATED) != 0;
    }

    /// `XEN_NETIF_GSO_TYPE_`
    int gsoType() {
        return gsoType;
    }

    int gsoSize() {
        return gsoSize;
    }

    int pieceCount() {
        return pieceCount;
    }

    int ref(int piece) {
        return refs[piece];
    }

    int offset(int piece) {
        return offsets[piece];
    }

    int size(int piece) {
        return sizes[piece];
    }

    int slotCount() {
        return slotCount;
    }

    boolean isExtra(int slotIndex) {
        return ids[slotIndex] == EXTRA;
    }

    /// The guest's own number of a slot.
    int id(int slotIndex) {
        return ids[slotIndex];
    }
}
