package xenolith.vmm.evtchn;

import xenolith.abi.XenEventFifo;
import xenolith.vmm.guest.MachineMemory;

/// A vcpu's control block and the last port of each of its queues.
///
/// Lock: that of [FifoWords].
final class FifoQueue {
    private static final long READY_OFFSET = 0;
    private static final long HEADS_OFFSET = 8;

    /// Machine address of the control block, 0 before there is one.
    private long controlMa;
    private final int[] tail = new int[XenEventFifo.EVTCHN_FIFO_MAX_QUEUES];

    boolean hasControl() {
        return controlMa != 0;
    }

    void control(long ma) {
        controlMa = ma;
    }

    /// The port that was queued last, 0 for none. The guest may have taken it since.
    int tail(int priority) {
        return tail[priority];
    }

    void tail(int priority, int port) {
        tail[priority] = port;
    }

    /// Begins a queue that the guest has emptied: the head, then the bit that says to look at it. The guest takes the
    /// bit (an exchange) before it reads the head, so whoever sees this bit sees this head. Says whether the bit is new.
    boolean begin(MachineMemory memory, int priority, int port) {
        memory.writeIntRelease(controlMa + HEADS_OFFSET + 4L * priority, port);
        int bit = 1 << priority;
        return (memory.getAndOrInt(controlMa + READY_OFFSET, bit) & bit) == 0;
    }
}
