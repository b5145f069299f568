package xenolith.abi.io;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import xenolith.abi.XenErrno;

/// The backend's half of a ring of requests and responses (`xen/io/ring.h`): takes requests out, puts responses in.
///
/// What is private in the header's `back_ring` is private here, and so is the last index that was published, which the
/// header reads back from the page: there the frontend could move it. A request is copied before anybody looks at it.
/// The frontend's index is refused if it claims more than there is room for, and also if it goes back.
///
/// For one thread at a time. Allocates nothing after it is made.
public final class BackRing implements RequestRing {
    private static final int BROKEN = -XenErrno.EINVAL;

    private final RingPages ring;
    private int reqCons;
    /// The frontend's index, as we saw it last and found it possible.
    private int reqProdSeen;
    private int rspProdPvt;
    private int rspProdPushed;

    /// The half of a ring that its frontend has just made, with all indices 0.
    ///
    /// @param pages in the ring's order, each of 4096 bytes
    public BackRing(RingSlots slots, MemorySegment... pages) {
        this(0, 0, new RingPages(slots, pages));
    }

    private BackRing(int reqCons, int rspProd, RingPages ring) {
        this.ring = ring;
        this.reqCons = reqCons;
        this.reqProdSeen = reqCons;
        this.rspProdPvt = rspProd;
        this.rspProdPushed = rspProd;
    }

    /// The half of a ring that may have been in use: goes on behind the last response in it. What another backend took
    /// and did not answer is taken again.
    public static BackRing attach(RingSlots slots, MemorySegment... pages) {
        RingPages ring = new RingPages(slots, pages);
        int index = ring.rspProd();
        return new BackRing(index, index, ring);
    }

    /// The half of a ring that another backend has used and that knows where it stood: the next request to take, and
    /// the next response to put.
    public static BackRing resume(int reqCons, int rspProd, RingSlots slots, MemorySegment... pages) {
        RingPages ring = new RingPages(slots, pages);
        if (Integer.compareUnsigned(reqCons - rspProd, ring.size()) > 0) {
            throw new IllegalArgumentException("reqCons=" + reqCons + " rspProd=" + rspProd);
        }
        return new BackRing(reqCons, rspProd, ring);
    }

    /// The index that was published last, as it stands in the page now: the guest can write it.
    public static int publishedIndex(RingSlots slots, MemorySegment... pages) {
        return new RingPages(slots, pages).rspProd();
    }

    /// The number of the next request that [#take] takes, counted from 0, modulo 2³².
    public int requestIndex() {
        return reqCons;
    }

    /// The number of the next response that [#put] puts.
    public int responseIndex() {
        return rspProdPvt;
    }

    @Override
    public int size() {
        return ring.size();
    }

    @Override
    public int waiting() {
        int prod = ring.reqProd();
        int room = ring.size() - (reqCons - rspProdPvt);
        if (Integer.compareUnsigned(prod - reqCons, room) > 0 || prod - reqProdSeen < 0) {
            return BROKEN;
        }
        reqProdSeen = prod;
        return prod - reqCons;
    }

    @Override
    public void take(MemorySegment to, long toOffset) {
        if (reqCons == reqProdSeen) {
            throw new IllegalStateException("no request waits at " + reqCons);
        }
        ring.getRequest(reqCons++, to, toOffset);
    }

    @Override
    public int unanswered() {
        return reqCons - rspProdPvt;
    }

    @Override
    public void put(MemorySegment from, long fromOffset) {
        if (rspProdPvt == reqCons) {
            throw new IllegalStateException("no request waits for a response at " + rspProdPvt);
        }
        ring.setResponse(rspProdPvt++, from, fromOffset);
    }

    @Override
    public boolean push() {
        int old = rspProdPushed;
        rspProdPushed = rspProdPvt;
        // Release: the frontend reads this index and then the responses below it.
        ring.rspProd(rspProdPvt);
        // Full: before it sleeps the frontend writes rsp_event and then looks at this index once more. Either it sees
        // the index, or we see what it wrote.
        VarHandle.fullFence();
        return Integer.compareUnsigned(rspProdPvt - ring.rspEvent(), rspProdPvt - old) < 0;
    }

    @Override
    public int unseenResponses() {
        // Full: as in push.
        VarHandle.fullFence();
        return rspProdPushed - ring.rspEvent() + 1;
    }

    @Override
    public int finalCheck(int count) {
        int waiting = waiting();
        if (waiting < 0 || waiting >= count) {
            return waiting;
        }
        ring.reqEvent(reqCons + count);
        // Full: a frontend publishes its index and then reads req_event. Either it sees what we wrote, or we see its
        // request.
        VarHandle.fullFence();
        return waiting();
    }
}
