package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.HypercallNumber;
import xenolith.abi.XenErrno;
import xenolith.abi.XenMulticall.Entry;

/// `multicall` (`xen.h`): an array of hypercalls, each with its own result. A multicall within one is refused.
final class MulticallHypercall {
    /// What a call that guests do not put into multicalls costs beside the entry, in elements of `mmu_update`.
    private static final int RARE_COST = 15;

    private final Hypercalls hypercalls;

    MulticallHypercall(Hypercalls hypercalls) {
        this.hypercalls = hypercalls;
    }

    long multicall(CallContext c, long calls, long count) {
        MemorySegment s = c.scratch();
        for (long i = c.outerProgress(); i < (count & 0xffff_ffffL); i++) {
            long va = calls + i * Entry.SIZEOF;
            c.outerProgress(i);
            if (c.isPieceOver(1) || c.domain().commits().isFull()) {
                return CallContext.AGAIN;
            }
            if (!c.copyIn(va, Entry.SIZEOF)) {
                return -XenErrno.EFAULT;
            }
            long op = Entry.op(s, 0);
            long result = op == HypercallNumber.MULTICALL || op == HypercallNumber.IRET ? -XenErrno.EINVAL
                    : hypercalls.dispatch(c, op, Entry.args(s, 0, 0), Entry.args(s, 0, 1), Entry.args(s, 0, 2),
                            Entry.args(s, 0, 3), Entry.args(s, 0, 4));
            if (result == CallContext.RING || result == CallContext.AGAIN) {
                // The element goes on where it stopped; those before it are done and their results stand.
                return result;
            }
            c.progress(0);
            c.spend(cost(op));
            s.set(ValueLayout.JAVA_LONG, 0, result);
            if (!c.copyOut(va + Entry.RESULT_OFFSET, Long.BYTES)) {
                return -XenErrno.EFAULT;
            }
        }
        c.outerProgress(0);
        return 0;
    }

    private static int cost(long op) {
        return switch ((int) op) {
            case HypercallNumber.MMU_UPDATE, HypercallNumber.UPDATE_VA_MAPPING, HypercallNumber.MMUEXT_OP,
                    HypercallNumber.STACK_SWITCH, HypercallNumber.UPDATE_DESCRIPTOR, HypercallNumber.SET_SEGMENT_BASE,
                    HypercallNumber.FPU_TASKSWITCH -> 0;
            default -> RARE_COST;
        };
    }
}
