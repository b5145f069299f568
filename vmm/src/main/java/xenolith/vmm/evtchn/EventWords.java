package xenolith.vmm.evtchn;

import xenolith.abi.XenVcpuInfo;
import xenolith.vmm.guest.MachineMemory;

/// How a domain learns of its events: the words that it shares with us, in one of the interface's two forms.
///
/// Ports are within [#ports]. Every method may be called by any thread.
abstract sealed class EventWords permits TwoLevelWords, FifoWords {
    final MachineMemory memory;

    EventWords(MachineMemory memory) {
        this.memory = memory;
    }

    /// One past the highest port of this form.
    abstract int ports();

    /// Marks `port` pending; kicks `target` if that made an upcall due. Says whether the port was not pending before.
    abstract boolean raise(int port, EventTarget target);

    /// Clears the mask bit of `port` and raises the upcall that it held back.
    abstract void unmask(int port, EventTarget target);

    abstract void clear(int port);

    abstract boolean isPending(int port);

    /// Whether a closed port cannot be given out yet, since the guest has still to take it off a queue.
    abstract boolean isBusy(int port);

    /// After `vcpu_info` has moved: as if everything were pending, for the guest to find out.
    abstract void raiseAll(EventTarget target);

    /// The flag first, then the kick: a vcpu that runs tests the flag when it is thrown out, one that is blocked tests
    /// it before it sleeps again, and either way after it has cleared the flag it looks at the words that we wrote first.
    final void upcall(EventTarget target) {
        memory.writeByteVolatile(target.vcpuInfoMa() + XenVcpuInfo.EVTCHN_UPCALL_PENDING_OFFSET, (byte) 1);
        target.kick();
    }
}
