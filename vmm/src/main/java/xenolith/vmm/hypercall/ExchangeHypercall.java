package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;
import xenolith.abi.XenMemory.MemoryExchange;
import xenolith.abi.XenMemory.MemoryReservation;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.Reservation;
import xenolith.vmm.mm.PageTables;

/// `XENMEM_exchange`: frames for others, for instance single ones for a contiguous run.
///
/// It goes by chunks of the larger of the two extents, each exchanged as a whole or not at all, and says in
/// `nr_exchanged` how many extents were given. That is also where it goes on: the guest's own word, which it may set to
/// anything, so it is checked each time.
///
/// The guest's list of what it gets is read *and written back* before anything else is done with the chunk, so that it
/// cannot fail later. (Xen once wrote there unchecked: XSA-212.)
final class ExchangeHypercall {
    private static final int CHUNK_FRAMES = 1 << ReservationHypercall.MAX_ORDER;
    private static final int CHUNK_COST = 64;
    private static final int FRAME_COST = 1;

    private final Domain domain;
    private final Reservation reservation;
    private final long[] given = new long[CHUNK_FRAMES];
    private final long[] received = new long[CHUNK_FRAMES];
    private final long[] pfns = new long[CHUNK_FRAMES];

    private long inList;
    private long outList;
    private int inOrder;
    private int outOrder;
    private long limitMfn;

    ExchangeHypercall(Domain domain) {
        this.domain = domain;
        this.reservation = domain.reservation();
    }

    long exchange(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, MemoryExchange.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long extents = MemoryReservation.nrExtents(s, MemoryExchange.in(0));
        long done = MemoryExchange.nrExchanged(s, 0);
        long rc = read(s, extents, done);
        if (rc < 0) {
            return stop(c, arg, done, rc);
        }
        if (done == extents) {
            return 0;
        }
        int chunkOrder = Math.max(outOrder - inOrder, 0);
        long chunk = done >>> chunkOrder;
        long chunks = extents >>> chunkOrder;
        while (chunk < chunks) {
            rc = c.isPieceOver(CHUNK_COST + (FRAME_COST << Math.max(inOrder, outOrder))) ? PageTables.RETRY
                    : exchangeChunk(c, chunk);
            if (rc < 0) {
                return stop(c, arg, chunk << chunkOrder, rc);
            }
            chunk++;
        }
        return stop(c, arg, extents, 0);
    }

    /// Takes the arguments, or says what is wrong with them.
    private long read(MemorySegment s, long extents, long done) {
        long in = MemoryExchange.in(0);
        long out = MemoryExchange.out(0);
        inOrder = MemoryReservation.extentOrder(s, in);
        outOrder = MemoryReservation.extentOrder(s, out);
        if (!isOrder(inOrder) || !isOrder(outOrder)) {
            return -XenErrno.EPERM;
        }
        long outExtents = MemoryReservation.nrExtents(s, out);
        if (Long.compareUnsigned(done, extents) > 0
                || MemoryReservation.domid(s, in) != MemoryReservation.domid(s, out)
                || Long.compareUnsigned(extents, ~0L >>> inOrder) > 0
                || Long.compareUnsigned(outExtents, ~0L >>> outOrder) > 0
                || extents << inOrder != outExtents << outOrder) {
            return -XenErrno.EINVAL;
        }
        if (done == extents) {
            return 0;
        }
        if (ReservationHypercall.isNodeDemanded(MemoryReservation.memFlags(s, out), 0)) {
            return -XenErrno.EINVAL;
        }
        // No domain has as many frames; it would fail on the way.
        if (extents < 0 || outExtents < 0) {
            return -XenErrno.EFAULT;
        }
        inList = MemoryReservation.extentStart(s, in);
        outList = MemoryReservation.extentStart(s, out);
        limitMfn = ReservationHypercall.limitMfn(MemoryReservation.memFlags(s, out));
        return DomainNames.checkSelf(domain, MemoryReservation.domid(s, in));
    }

    private static boolean isOrder(int order) {
        return order >= 0 && order <= ReservationHypercall.MAX_ORDER;
    }

    private long exchangeChunk(CallContext c, long chunk) {
        int order = Math.max(inOrder, outOrder);
        int inCount = 1 << order - inOrder;
        int outCount = 1 << order - outOrder;
        long outVa = outList + chunk * outCount * Long.BYTES;
        if (!copyList(c, inList + chunk * inCount * Long.BYTES, given, inCount)
                || !copyList(c, outVa, pfns, outCount) || !c.copyOut(outVa, (long) outCount * Long.BYTES)) {
            return -XenErrno.EFAULT;
        }
        long rc = reservation.surrender(given, inCount, inOrder);
        if (rc < 0) {
            // To an exchange, a frame that is not there or not free to go is an argument like any other.
            return rc == PageTables.RETRY ? rc : -XenErrno.EINVAL;
        }
        for (int i = 0; i < outCount; i++) {
            received[i] = reservation.take(outOrder, limitMfn);
            if (received[i] < 0) {
                undo(inCount, i);
                return -XenErrno.ENOMEM;
            }
        }
        reservation.settle(given, inCount, inOrder);
        for (int i = 0; i < outCount; i++) {
            reservation.setPfns(received[i], pfns[i], outOrder);
            c.scratch().setAtIndex(ValueLayout.JAVA_LONG, i, received[i]);
        }
        return c.copyOut(outVa, (long) outCount * Long.BYTES) ? 0 : -XenErrno.EFAULT;
    }

    private void undo(int inCount, int receivedCount) {
        for (int i = 0; i < receivedCount; i++) {
            reservation.untake(received[i], outOrder);
        }
        reservation.unsurrender(given, inCount, inOrder);
    }

    /// Leaves the list in the scratch memory too.
    private static boolean copyList(CallContext c, long va, long[] to, int count) {
        if (!c.copyIn(va, (long) count * Long.BYTES)) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            to[i] = c.scratch().getAtIndex(ValueLayout.JAVA_LONG, i);
        }
        return true;
    }

    /// Tells the guest how far it came.
    private static long stop(CallContext c, long arg, long done, long rc) {
        c.scratch().set(ValueLayout.JAVA_LONG, 0, done);
        if (!c.copyOut(arg + MemoryExchange.SIZEOF - Long.BYTES, Long.BYTES)) {
            return -XenErrno.EFAULT;
        }
        return rc == PageTables.RETRY ? CallContext.AGAIN : rc;
    }
}
