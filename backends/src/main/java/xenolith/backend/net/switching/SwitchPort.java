package xenolith.backend.net.switching;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import xenolith.backend.net.FramePort;
import xenolith.posix.Epoll;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;
import xenolith.posix.UnixSocket;

/// A port of a switch: an end of a connection to each other port. The receiving thread takes new peers in and lets those
/// that are gone go; the sending one only reads who is there.
final class SwitchPort implements FramePort {
    private static final int ADDRESS_BYTES = 6;
    /// How many frames a peer may have taken in a row while others wait.
    private static final int TURN = 16;
    private static final long LISTENER = -1;
    private static final long RETRY_NS = 1_000_000_000;
    private static final ValueLayout.OfLong BIG_LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final SwitchDirectory directory;
    private final SwitchDirectory.Joined joined;
    private final Epoll ready = new Epoll(SwitchDirectory.MAX_PORTS);
    private final AtomicReferenceArray<Peer> peers = new AtomicReferenceArray<>(MacTable.MAX_SLOTS);
    private final MacTable macs = new MacTable(System::nanoTime);
    private final AtomicLong dropped = new AtomicLong();
    /// The sender's and the receiver's own, for the two addresses of a frame.
    private final MemorySegment sent = Arena.ofAuto().allocate(2 * Long.BYTES);
    private final MemorySegment received = Arena.ofAuto().allocate(2 * Long.BYTES);
    /// Which of those that [#ready] told of is in turn, how many there are, and how often it was in turn.
    private int turn;
    private int turns;
    private int taken;
    private volatile int peerCount;
    /// No descriptor was free for a newcomer; and when to look again for what could not be done.
    private boolean deaf;
    private long retryAtNs;

    private SwitchPort(SwitchDirectory directory, SwitchDirectory.Joined joined) {
        this.directory = directory;
        this.joined = joined;
    }

    static SwitchPort join(SwitchDirectory directory) {
        SwitchDirectory.Joined joined = directory.join();
        SwitchPort port = null;
        try {
            port = new SwitchPort(directory, joined);
            port.ready.add(joined.listener().raw(), Epoll.EPOLLIN, LISTENER);
            joined.peers().forEach(port::admit);
            port.retryAtNs = System.nanoTime() + RETRY_NS;
            return port;
        } catch (RuntimeException e) {
            directory.leave(joined);
            joined.close();
            if (port != null) {
                port.ready.close();
            }
            throw e;
        }
    }

    private void admit(UnixSocket socket) {
        int slot = freeSlot();
        if (slot == MacTable.UNKNOWN) {
            socket.close();
            return;
        }
        ready.add(socket.raw(), Epoll.EPOLLIN, slot);
        peers.set(slot, new Peer(socket, slot, dropped));
        peerCount++;
    }

    /// Likewise, for one that comes while frames go: who cannot be admitted is not, and the others go on.
    private void admitIfOurs(UnixSocket socket) {
        try {
            if (socket.peerUid() == UnixSocket.ownUid()) {
                admit(socket);
            } else {
                socket.close();
            }
        } catch (HostException _) {
            socket.close();
        }
    }

    private int freeSlot() {
        for (int slot = 0; slot < peers.length(); slot++) {
            if (peers.get(slot) == null) {
                return slot;
            }
        }
        return MacTable.UNKNOWN;
    }

    @Override
    public int send(Iovec frame) {
        if (frame.copyOut(HEADER_BYTES, sent, 0, 2 * ADDRESS_BYTES) < 2 * ADDRESS_BYTES) {
            dropped.incrementAndGet();
            return 0;
        }
        long to = sent.get(BIG_LONG, 0) >>> 16;
        int slot = MacTable.isGroup(to) ? MacTable.UNKNOWN : macs.lookUp(to);
        Peer known = slot == MacTable.UNKNOWN ? null : peers.get(slot);
        if (known != null) {
            // With others there too, frames for them would wait behind this one.
            return known.send(frame, peerCount == 1);
        }
        return sendToAll(frame);
    }

    /// Returns -ENOBUFS if somebody did not get it.
    private int sendToAll(Iovec frame) {
        int rc = 0;
        for (int slot = 0; slot < peers.length(); slot++) {
            Peer peer = peers.get(slot);
            if (peer != null && peer.send(frame, false) != 0) {
                rc = -Errno.ENOBUFS;
            }
        }
        return rc;
    }

    @Override
    public int receive(Iovec into) {
        if ((deaf || !joined.unreached().isEmpty()) && System.nanoTime() - retryAtNs >= 0) {
            retry();
        }
        // Each step uses up one that is ready, of which there are at most as many as peers.
        for (int step = 0; step <= SwitchDirectory.MAX_PORTS && nextInTurn(); step++) {
            long who = ready.data(turn);
            if (who == LISTENER) {
                acceptAll();
                turn++;
                continue;
            }
            Peer peer = peers.get((int) who);
            long byteLength = peer == null ? -Errno.EAGAIN : peer.receive(into);
            if (byteLength > 0) {
                taken++;
                return taken(peer, into, (int) byteLength);
            }
            if (peer != null && byteLength != -Errno.EAGAIN) {
                dismiss(peer);
            }
            turn++;
            taken = 0;
        }
        return -Errno.EAGAIN;
    }

    /// Moves on to one that is ready. Returns false if none is.
    private boolean nextInTurn() {
        if (taken >= TURN) {
            turn++;
            taken = 0;
        }
        if (turn >= turns) {
            turn = 0;
            turns = ready.await(0);
        }
        return turn < turns;
    }

    /// A frame has come; returns what the caller is told of it.
    private int taken(Peer peer, Iovec into, int byteLength) {
        if (byteLength < HEADER_BYTES + ETHERNET_BYTES) {
            return 0;
        }
        into.copyOut(HEADER_BYTES + ADDRESS_BYTES, received, 0, ADDRESS_BYTES);
        macs.learn(received.get(BIG_LONG, 0) >>> 16, peer.slot());
        return byteLength;
    }

    /// Who finds no place waits until the end of one that is gone is seen, of which there must be some: there are more
    /// slots than other ports.
    private void acceptAll() {
        for (int i = 0; i < SwitchDirectory.MAX_PORTS && freeSlot() != MacTable.UNKNOWN; i++) {
            UnixSocket socket = acceptOne();
            if (socket == null) {
                return;
            }
            admitIfOurs(socket);
        }
    }

    /// Where this process may have no more descriptors the port goes on with the peers that it has; the newcomer waits,
    /// and is not looked at all the time.
    private UnixSocket acceptOne() {
        try {
            return joined.listener().accept();
        } catch (HostException _) {
            hear(false);
            retryAtNs = System.nanoTime() + RETRY_NS;
            return null;
        }
    }

    private void hear(boolean newcomers) {
        deaf = !newcomers;
        ready.change(joined.listener().raw(), newcomers ? Epoll.EPOLLIN : 0, LISTENER);
    }

    /// Once in a while, when frames come or go: what could not be done before.
    private void retry() {
        retryAtNs = System.nanoTime() + RETRY_NS;
        if (deaf) {
            hear(true);
        }
        directory.reach(joined).forEach(this::admitIfOurs);
    }

    private void dismiss(Peer peer) {
        peers.set(peer.slot(), null);
        peerCount--;
        macs.forget(peer.slot());
        peer.close();
    }

    @Override
    public int descriptor() {
        return ready.raw();
    }

    /// Frames that some peer did not get.
    long dropped() {
        return dropped.get();
    }

    @Override
    public void close() {
        directory.leave(joined);
        for (int slot = 0; slot < peers.length(); slot++) {
            Peer peer = peers.getAndSet(slot, null);
            if (peer != null) {
                peer.close();
            }
        }
        ready.close();
    }
}
