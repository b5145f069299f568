package xenolith.vmm.evtchn;

import java.util.ArrayList;
import java.util.List;
import xenolith.abi.XenErrno;
import xenolith.abi.XenEventFifo;
import xenolith.vmm.guest.MachineMemory;

/// Which form of [EventWords] a domain uses: the bitmap, until it gives a first control block, and again after a reset.
/// Keeps the frames that it gave for its queues writable meanwhile.
///
/// Lock: that of [EventChannels] for all but [#words]; the domain's too for what takes or puts frames.
final class EventForm {
    private final MachineMemory memory;
    private final int vcpuCount;
    private final TwoLevelWords twoLevel;
    private final List<Long> held = new ArrayList<>();
    private volatile EventWords words;

    EventForm(MachineMemory memory, long sharedInfoMa, int vcpuCount) {
        this.memory = memory;
        this.vcpuCount = vcpuCount;
        this.twoLevel = new TwoLevelWords(memory, sharedInfoMa);
        this.words = twoLevel;
    }

    /// May be others a moment later.
    EventWords words() {
        return words;
    }

    /// Null before there are queues.
    FifoWords fifo() {
        return words instanceof FifoWords fifo ? fifo : null;
    }

    /// Whether the bitmap has it pending, used or not.
    boolean wasPending(int port) {
        return port < twoLevel.ports() && twoLevel.isPending(port);
    }

    long initControl(int vcpu, long mfn, int offset, GuestFrames frames) {
        if (vcpu < 0 || vcpu >= vcpuCount) {
            return -XenErrno.ENOENT;
        }
        if (Integer.compareUnsigned(offset, MachineMemory.PAGE_SIZE - (int) XenEventFifo.ControlBlock.SIZEOF) > 0
                || (offset & Long.BYTES - 1) != 0) {
            return -XenErrno.EINVAL;
        }
        FifoWords fifo = fifo();
        if (fifo != null && fifo.hasControl(vcpu)) {
            return -XenErrno.EINVAL;
        }
        long rc = hold(mfn, frames);
        if (rc == 0) {
            FifoWords now = fifo == null ? new FifoWords(memory, vcpuCount) : fifo;
            now.control(vcpu, (mfn << MachineMemory.PAGE_SHIFT) + offset);
            words = now;
        }
        return rc;
    }

    long expandArray(long mfn, GuestFrames frames) {
        FifoWords fifo = fifo();
        if (fifo == null) {
            return -XenErrno.EOPNOTSUPP;
        }
        if (fifo.isFullyExpanded()) {
            return -XenErrno.ENOSPC;
        }
        long rc = hold(mfn, frames);
        if (rc == 0) {
            fifo.expand(mfn);
        }
        return rc;
    }

    long setPriority(int port, boolean isOpen, int priority) {
        FifoWords fifo = fifo();
        if (fifo == null) {
            return -XenErrno.ENOSYS;
        }
        if (!isOpen) {
            return -XenErrno.EACCES;
        }
        if (Integer.compareUnsigned(priority, XenEventFifo.EVTCHN_FIFO_PRIORITY_MIN) > 0) {
            return -XenErrno.EINVAL;
        }
        fifo.priority(port, priority);
        return 0;
    }

    /// A new port has the default priority, whatever its predecessor had.
    void portOpens(int port) {
        FifoWords fifo = fifo();
        if (fifo != null) {
            fifo.priority(port, FifoWords.DEFAULT_PRIORITY);
        }
    }

    /// Back to the bitmap. The frames are the guest's again once nobody can be writing to them.
    void reset(GuestFrames frames) {
        FifoWords old = fifo();
        if (old != null) {
            twoLevel.clearAll();
            words = twoLevel;
            old.retire();
            for (long mfn : held) {
                frames.putWritable(mfn);
            }
            held.clear();
        }
    }

    /// Any refusal but "later" is a bad argument here.
    private long hold(long mfn, GuestFrames frames) {
        long rc = frames.getWritable(mfn);
        if (rc == 0) {
            held.add(mfn);
        }
        return rc == 0 || rc == -XenErrno.EAGAIN ? rc : -XenErrno.EINVAL;
    }
}
