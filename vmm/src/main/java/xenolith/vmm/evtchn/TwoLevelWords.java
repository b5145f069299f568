package xenolith.vmm.evtchn;

import xenolith.abi.XenSharedInfo;
import xenolith.abi.XenVcpuInfo;
import xenolith.vmm.guest.MachineMemory;

/// The two-level pending bitmap (`xen.h`: `evtchn_pending`, `evtchn_mask`, `evtchn_pending_sel`).
///
/// All words are shared with a running guest. Order of a raise: pending bit and selector bit by an atomic or, then the
/// upcall flag by a volatile store; the guest clears in the opposite order and looks again, so no raise is lost.
final class TwoLevelWords extends EventWords {
    static final int PORTS = 4096;
    private static final int SELECTORS = 64;

    private final long pendingMa;
    private final long maskMa;

    TwoLevelWords(MachineMemory memory, long sharedInfoMa) {
        super(memory);
        this.pendingMa = sharedInfoMa + XenSharedInfo.EVTCHN_PENDING_OFFSET;
        this.maskMa = sharedInfoMa + XenSharedInfo.EVTCHN_MASK_OFFSET;
    }

    @Override
    int ports() {
        return PORTS;
    }

    @Override
    boolean raise(int port, EventTarget target) {
        long bit = 1L << port;
        if ((memory.getAndOrWord(pendingMa + word(port), bit) & bit) != 0) {
            return false;
        }
        if ((memory.readWord(maskMa + word(port)) & bit) == 0) {
            select(port, target);
        }
        return true;
    }

    @Override
    void unmask(int port, EventTarget target) {
        long bit = 1L << port;
        if ((memory.getAndAndWord(maskMa + word(port), ~bit) & bit) == 0) {
            return;
        }
        if ((memory.readWord(pendingMa + word(port)) & bit) != 0) {
            select(port, target);
        }
    }

    /// A port leaves no trace in the bitmap.
    @Override
    boolean isBusy(int port) {
        return false;
    }

    @Override
    void clear(int port) {
        memory.getAndAndWord(pendingMa + word(port), ~(1L << port));
    }

    /// While queues were in use nobody looked at the bitmap: what was pending before them still is.
    void clearAll() {
        for (int port = 0; port < PORTS; port += SELECTORS) {
            memory.getAndAndWord(pendingMa + word(port), 0);
        }
    }

    @Override
    boolean isPending(int port) {
        return (memory.readWord(pendingMa + word(port)) >>> port & 1) != 0;
    }

    boolean isMasked(int port) {
        return (memory.readWord(maskMa + word(port)) >>> port & 1) != 0;
    }

    /// After `vcpu_info` has moved: as if everything were pending, for the guest to find out.
    @Override
    void raiseAll(EventTarget target) {
        long info = target.vcpuInfoMa();
        memory.getAndOrWord(info + XenVcpuInfo.EVTCHN_PENDING_SEL_OFFSET, ~0L);
        upcall(target);
    }

    private void select(int port, EventTarget target) {
        long info = target.vcpuInfoMa();
        long selector = 1L << port / SELECTORS;
        if ((memory.getAndOrWord(info + XenVcpuInfo.EVTCHN_PENDING_SEL_OFFSET, selector) & selector) == 0) {
            upcall(target);
        }
    }

    private static long word(int port) {
        return port / SELECTORS * 8L;
    }
}
