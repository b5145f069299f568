package xenolith.abi.io;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import xenolith.abi.XenErrno;

/// The frontend's half of a ring of requests and responses (`xen/io/ring.h`): the counterpart of [BackRing], for
/// the tests of several modules, which play the guest. As careful about the backend as that is about the frontend.
public final class FrontRing {
    private static final int BROKEN = -XenErrno.EINVAL;

    private final RingPages ring;
    private int reqProdPvt;
    private int reqProdPushed;
    private int rspCons;
    private int rspProdSeen;

    /// Makes a fresh ring in the pages, and this half of it. All indices begin with `index`, which is 0 but in tests.
    public FrontRing(int index, RingSlots slots, MemorySegment... pages) {
        this.ring = new RingPages(slots, pages);
        this.reqProdPvt = index;
        this.reqProdPushed = index;
        this.rspCons = index;
        this.rspProdSeen = index;
        ring.clearHeader();
        ring.reqEvent(index + 1);
        ring.rspEvent(index + 1);
        ring.rspProd(index);
        ring.reqProd(index);
    }

    /// Slots for requests.
    public int free() {
        return ring.size() - (reqProdPvt - rspCons);
    }

    /// Puts a request into the ring; the backend does not see it before [#push].
    public void put(MemorySegment from, long fromOffset) {
        if (free() == 0) {
            throw new IllegalStateException("the ring is full at " + reqProdPvt);
        }
        ring.setRequest(reqProdPvt++, from, fromOffset);
    }

    /// Publishes the requests that were put. Returns whether the backend wants to be notified.
    public boolean push() {
        int old = reqProdPushed;
        reqProdPushed = reqProdPvt;
        // Release, and full: as in BackRing, with the halves exchanged.
        ring.reqProd(reqProdPvt);
        VarHandle.fullFence();
        return Integer.compareUnsigned(reqProdPvt - ring.reqEvent(), reqProdPvt - old) < 0;
    }

    /// How many responses wait to be taken, or -EINVAL if the backend's index cannot be true.
    public int waiting() {
        int prod = ring.rspProd();
        if (Integer.compareUnsigned(prod - rspCons, reqProdPushed - rspCons) > 0 || prod - rspProdSeen < 0) {
            return BROKEN;
        }
        rspProdSeen = prod;
        return prod - rspCons;
    }

    /// Copies the next response out. Only as often as [#waiting] said.
    public void take(MemorySegment to, long toOffset) {
        if (rspCons == rspProdSeen) {
            throw new IllegalStateException("no response waits at " + rspCons);
        }
        ring.getResponse(rspCons++, to, toOffset);
    }

    /// Asks for an event with the next response, and looks once more; as [#waiting].
    public int finalCheck() {
        int waiting = waiting();
        if (waiting != 0) {
            return waiting;
        }
        ring.rspEvent(rspCons + 1);
        // Full: the backend publishes its index and then reads rsp_event.
        VarHandle.fullFence();
        return waiting();
    }
}
