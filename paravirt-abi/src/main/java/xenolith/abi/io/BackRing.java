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
public final class BackRing {
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
        this(0, slots, pages);
    }

    private BackRing(int index, RingSlots slots, MemorySegment... pages) {
        this.ring = new RingPages(slots, pages);
        this.reqCons = index;
        this.reqProdSeen = index;
        this.rspProdPvt = index;
        this.rspProdPushed = index;
    }

    /// The half of a ring that may have been in use: goes on behind the last response in it. What another backend took
    /// and did not answer is taken again.
    public static BackRing attach(RingSlots slots, MemorySegment... pages) {
        return new BackRing(new RingPages(slots, pages).rspProd(), slots, pages);
    }

    /// How many slots the ring has.
    public int size() {
        return ring.size();
    }

    /// How many requests wait to be taken, or -EINVAL if the frontend's index cannot be true.
    public int waiting() {
        int prod = ring.reqProd();
        int room = ring.size() - (reqCons - rspProdPvt);
        if (Integer.compareUnsigned(prod - reqCons, room) > 0 || prod - reqProdSeen < 0) {
            return BROKEN;
        }
        reqProdSeen = prod;
        return prod - reqCons;
    }

    /// Copies the next request out. Only as often as [#waiting] said.
    public void take(MemorySegment to, long toOffset) {
        if (reqCons == reqProdSeen) {
            throw new IllegalStateException("no request waits at " + reqCons);
        }
        ring.getRequest(reqCons++, to, toOffset);
    }

    /// Requests that have been taken and not been answered.
    public int unanswered() {
        return reqCons - rspProdPvt;
    }

    /// Puts a response into the ring; the frontend does not see it before [#push]. Only one for each request taken, as
    /// their slots are the same.
    public void put(MemorySegment from, long fromOffset) {
        if (rspProdPvt == reqCons) {
            throw new IllegalStateException("no request waits for a response at " + rspProdPvt);
        }
        ring.setResponse(rspProdPvt++, from, fromOffset);
    }

    /// Publishes the responses that were put. Returns whether the frontend wants to be notified.
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

    /// To be called before the backend sleeps: asks for an event with the next request, and looks once more.
    ///
    /// @return as [#waiting]; only after 0 will the next request come with an event
    public int finalCheck() {
        int waiting = waiting();
        if (waiting != 0) {
            return waiting;
        }
        ring.reqEvent(reqCons + 1);
        // Full: a frontend publishes its index and then reads req_event. Either it sees what we wrote, or we see its
        // request.
        VarHandle.fullFence();
        return waiting();
    }
}
