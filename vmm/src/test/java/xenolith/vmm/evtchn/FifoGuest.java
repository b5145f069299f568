package xenolith.vmm.evtchn;

import xenolith.abi.XenVcpuInfo;
import xenolith.vmm.guest.MachineMemory;

/// What a guest's kernel does with its queues, on one vcpu. Its frames: control blocks in the third frame of
/// [TestPorts], event words from the fourth on.
final class FifoGuest {
    static final long CONTROL_MFN = MachineMemory.BASE_MFN + 2;
    static final long FIRST_ARRAY_MFN = MachineMemory.BASE_MFN + 3;
    static final int PENDING = 1 << 31;
    static final int MASKED = 1 << 30;
    static final int LINKED = 1 << 29;
    static final int BUSY = 1 << 28;
    private static final int LINK = (1 << 17) - 1;

    private final TestPorts p;
    private final int vcpu;
    private final int[] heads = new int[16];
    /// Handled events in their order, for as many as fit.
    final int[] handled = new int[64];
    int count;

    FifoGuest(TestPorts p, int vcpu) {
        this.p = p;
        this.vcpu = vcpu;
    }

    static int controlOffset(int vcpu) {
        return vcpu * 128;
    }

    long controlMa() {
        return (CONTROL_MFN << 12) + controlOffset(vcpu);
    }

    static long wordMa(int port) {
        return (FIRST_ARRAY_MFN << 12) + port * 4L;
    }

    int word(int port) {
        return p.memory.readIntVolatile(wordMa(port));
    }

    void mask(int port) {
        p.memory.getAndOrInt(wordMa(port), MASKED);
    }

    /// Unmasks; true if the guest must ask the hypervisor, since the port is pending.
    boolean clearMask(int port) {
        int old = word(port);
        while (true) {
            int found = p.memory.compareAndExchangeInt(wordMa(port), old & ~BUSY, old & ~BUSY & ~MASKED);
            if (found == (old & ~BUSY)) {
                return (word(port) & PENDING) != 0;
            }
            old = found;
        }
    }

    boolean upcallPending() {
        return p.upcallPending(vcpu);
    }

    /// The upcall handler.
    void upcall() {
        p.memory.writeByteVolatile(p.targets[vcpu].infoMa + XenVcpuInfo.EVTCHN_UPCALL_PENDING_OFFSET, (byte) 0);
        int ready = p.memory.getAndAndInt(controlMa(), 0);
        while (ready != 0) {
            int priority = Integer.numberOfTrailingZeros(ready);
            if (!consumeOne(priority)) {
                ready &= ~(1 << priority);
            }
            ready |= p.memory.getAndAndInt(controlMa(), 0);
        }
    }

    /// False when the queue is empty.
    private boolean consumeOne(int priority) {
        int port = heads[priority];
        if (port == 0) {
            port = p.memory.readIntVolatile(controlMa() + 8 + 4L * priority);
        }
        int old = word(port);
        while (true) {
            int found = p.memory.compareAndExchangeInt(wordMa(port), old, old & ~(LINKED | LINK));
            if (found == old) {
                break;
            }
            old = found;
        }
        heads[priority] = old & LINK;
        if ((word(port) & (PENDING | MASKED)) == PENDING) {
            p.memory.getAndAndInt(wordMa(port), ~PENDING);
            handled[count++ % handled.length] = port;
        }
        return heads[priority] != 0;
    }
}
