package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;
import xenolith.abi.XenMemory;
import xenolith.abi.XenMemory.MemoryReservation;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.Reservation;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageTables;

/// `XENMEM_increase_reservation`, `_decrease_reservation` and `_populate_physmap`: the balloon.
///
/// Each answers how many extents are done, the first ones of the list; what goes wrong in the first is answered by 0.
/// An extent is done as a whole or not at all.
final class ReservationHypercall {
    /// What Xen lets an unprivileged domain ask for at once: 2 MiB.
    static final int MAX_ORDER = 9;
    /// More extents than a command has bits to begin at.
    private static final long MAX_EXTENTS = 0xffff_ffffL >>> 6;
    private static final int ADDRESS_BITS_MASK = 0xff;
    private static final int NODE_SHIFT = 8;
    private static final int NODE_MASK = 0xff;
    /// What an extent costs, in elements of `mmu_update`: it may need a call to the host.
    private static final int EXTENT_COST = 32;
    private static final int FRAME_COST = 2;
    /// One that costs more would never fit a piece.
    private static final int LARGEST_COST = 1024;

    private final Domain domain;
    private final Reservation reservation;

    ReservationHypercall(Domain domain) {
        this.domain = domain;
        this.reservation = domain.reservation();
    }

    long change(CallContext c, int op, long start, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, MemoryReservation.SIZEOF)) {
            return start;
        }
        long list = MemoryReservation.extentStart(s, 0);
        long extents = MemoryReservation.nrExtents(s, 0);
        int order = MemoryReservation.extentOrder(s, 0);
        long limitMfn = limitMfn(MemoryReservation.memFlags(s, 0));
        boolean onDemand = (MemoryReservation.memFlags(s, 0) & XenMemory.XENMEMF_POPULATE_ON_DEMAND) != 0;
        if (extents < 0 || extents > MAX_EXTENTS || order < 0 || order > MAX_ORDER || limitMfn == 0
                || onDemand && op == XenMemory.XENMEM_POPULATE_PHYSMAP
                || isNodeDemanded(MemoryReservation.memFlags(s, 0), XenMemory.XENMEMF_VNODE)
                || !DomainNames.isSelf(domain, MemoryReservation.domid(s, 0))) {
            return start;
        }
        long i = Math.max(start, c.progress());
        while (i < extents) {
            long rc = c.isPieceOver(Math.min(EXTENT_COST + (FRAME_COST << order), LARGEST_COST)) ? PageTables.RETRY
                    : step(c, op, isUntold(op, list) ? 0 : list + i * Long.BYTES, order, limitMfn);
            if (rc == PageTables.RETRY) {
                c.progress(i);
                return CallContext.AGAIN;
            }
            if (rc < 0) {
                break;
            }
            i++;
        }
        c.progress(0);
        return i;
    }

    private long step(CallContext c, int op, long va, int order, long limitMfn) {
        return switch (op) {
            case XenMemory.XENMEM_DECREASE_RESERVATION -> decrease(c, va, order);
            case XenMemory.XENMEM_POPULATE_PHYSMAP -> populate(c, va, order, limitMfn);
            default -> increase(c, va, order, limitMfn);
        };
    }

    private long decrease(CallContext c, long va, int order) {
        if (!c.copyIn(va, Long.BYTES)) {
            return -XenErrno.EFAULT;
        }
        long mfn = c.scratch().get(ValueLayout.JAVA_LONG, 0);
        long rc = reservation.checkGiveBack(mfn, order);
        if (rc == 0) {
            reservation.giveBack(mfn, order);
        }
        return rc;
    }

    private long populate(CallContext c, long va, int order, long limitMfn) {
        if (!c.copyIn(va, Long.BYTES)) {
            return -XenErrno.EFAULT;
        }
        long pfn = c.scratch().get(ValueLayout.JAVA_LONG, 0);
        long mfn = reservation.take(order, limitMfn);
        long rc = tell(c, va, mfn, order);
        if (rc == 0) {
            reservation.setPfns(mfn, pfn, order);
        }
        return rc;
    }

    /// The guest may care so little for the frames that it gives no list.
    private static boolean isUntold(int op, long list) {
        return list == 0 && op == XenMemory.XENMEM_INCREASE_RESERVATION;
    }

    private long increase(CallContext c, long va, int order, long limitMfn) {
        long mfn = reservation.take(order, limitMfn);
        return va == 0 && mfn >= 0 ? 0 : tell(c, va, mfn, order);
    }

    /// Writes to the guest which frames it got; it does not get what it cannot be told of.
    private long tell(CallContext c, long va, long mfn, int order) {
        if (mfn < 0) {
            return -XenErrno.ENOMEM;
        }
        c.scratch().set(ValueLayout.JAVA_LONG, 0, mfn);
        if (c.copyOut(va, Long.BYTES)) {
            return 0;
        }
        reservation.untake(mfn, order);
        return -XenErrno.EFAULT;
    }

    /// Whether `memFlags` ask for memory of one node of the host and no other, which only the control domain may; flags
    /// with `besides` mean a node of the guest's, of which there is none.
    static boolean isNodeDemanded(int memFlags, int besides) {
        return (memFlags & (XenMemory.XENMEMF_EXACT_NODE_REQUEST | besides)) == XenMemory.XENMEMF_EXACT_NODE_REQUEST
                && (memFlags >>> NODE_SHIFT & NODE_MASK) != 0;
    }

    /// `XENMEMF_address_bits`: one past the last frame that will do; 0 if none can.
    static long limitMfn(int memFlags) {
        int bits = memFlags & ADDRESS_BITS_MASK;
        if (bits == 0 || bits >= Long.SIZE) {
            return Long.MAX_VALUE;
        }
        return bits <= MachineMemory.PAGE_SHIFT ? 0 : 1L << bits - MachineMemory.PAGE_SHIFT;
    }
}
