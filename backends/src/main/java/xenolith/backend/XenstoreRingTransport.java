package xenolith.backend;

import java.lang.foreign.MemorySegment;
import xenolith.abi.SharedWord;
import xenolith.abi.io.ByteRing;
import xenolith.abi.io.XenstoreRing;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.SharedPage;
import xenolith.xenstore.Transport;

/// A domain's xenstore ring page and event channel as a [Transport].
///
/// The guest is notified once after each round in which anything moved: it waits for replies and for room alike.
public final class XenstoreRingTransport implements Transport {
    private static final int FEATURES =
            XenstoreRing.XENSTORE_SERVER_FEATURE_RECONNECTION | XenstoreRing.XENSTORE_SERVER_FEATURE_ERROR;

    private final MemorySegment page;
    private final EventPort port;
    private ByteRing.Consumer requests;
    private ByteRing.Producer replies;
    private boolean moved;
    private boolean broken;

    /// The transport over `page`, whose indices are taken as they stand: a fresh page is all zero, a restored domain's
    /// is not.
    public XenstoreRingTransport(SharedPage page, EventPort port) {
        this.page = page.segment();
        this.port = port;
        int taken = SharedWord.getIntAcquire(this.page, XenstoreRing.REQ.consOffset());
        int given = SharedWord.getIntAcquire(this.page, XenstoreRing.RSP.prodOffset());
        this.requests = new ByteRing.Consumer(this.page, XenstoreRing.REQ, taken);
        this.replies = new ByteRing.Producer(this.page, XenstoreRing.RSP, given);
        XenstoreRing.error(this.page, 0, XenstoreRing.XENSTORE_ERROR_NONE);
        XenstoreRing.serverFeatures(this.page, 0, FEATURES);
    }

    @Override
    public void onReady(Runnable wake) {
        port.onNotification(wake);
    }

    @Override
    public int receive(byte[] to, int offset, int byteLength) throws BrokenRingException {
        return moved(requests.read(MemorySegment.ofArray(to), offset, byteLength), "request");
    }

    @Override
    public int send(byte[] from, int offset, int byteLength) throws BrokenRingException {
        return moved(replies.write(MemorySegment.ofArray(from), offset, byteLength), "reply");
    }

    @Override
    public void flush() {
        if (moved) {
            moved = false;
            port.notifyGuest();
        }
    }

    /// The guest's new kernel, after a kexec, does not know what the old one left in the rings.
    @Override
    public boolean resetRequested() {
        return XenstoreRing.connection(page, 0) == XenstoreRing.XENSTORE_RECONNECT;
    }

    @Override
    public void acknowledgeReset() {
        clear(XenstoreRing.REQ);
        clear(XenstoreRing.RSP);
        requests = new ByteRing.Consumer(page, XenstoreRing.REQ);
        replies = new ByteRing.Producer(page, XenstoreRing.RSP);
        // Last: the guest waits for this word, and must find empty rings then.
        XenstoreRing.connection(page, 0, XenstoreRing.XENSTORE_CONNECTED);
        moved = true;
    }

    @Override
    public void close(String fault) {
        if (fault == null) {
            return;
        }
        XenstoreRing.error(page, 0,
                broken ? XenstoreRing.XENSTORE_ERROR_RINGIDX : XenstoreRing.XENSTORE_ERROR_PROTO);
        port.notifyGuest();
    }

    private void clear(ByteRing.Geometry ring) {
        SharedWord.setIntRelease(page, ring.consOffset(), 0);
        SharedWord.setIntRelease(page, ring.prodOffset(), 0);
    }

    private int moved(int byteCountOrError, String ring) throws BrokenRingException {
        if (byteCountOrError < 0) {
            broken = true;
            throw new BrokenRingException("the guest's indices of its xenstore " + ring + " ring cannot be true");
        }
        moved |= byteCountOrError > 0;
        return byteCountOrError;
    }
}
