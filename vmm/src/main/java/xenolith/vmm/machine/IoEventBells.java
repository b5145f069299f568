package xenolith.vmm.machine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import xenolith.kvm.KvmVm;
import xenolith.posix.HostException;
import xenolith.vmm.evtchn.SendBells;
import xenolith.vmm.monitor.MonitorAbi;

/// Sends by `KVM_IOEVENTFD`: one on the stubs' bell for each port, told apart by what is written there.
final class IoEventBells implements SendBells {
    private static final Logger LOG = System.getLogger(IoEventBells.class.getName());
    private static final long BELL_MA = MonitorAbi.callBellMa(MonitorAbi.BELL_SEND);
    private static final int PORT_BYTES = Integer.BYTES;

    private final KvmVm vm;

    IoEventBells(KvmVm vm) {
        this.vm = vm;
    }

    /// KVM has room for some hundred in a VM; who comes later is heard by exits.
    @Override
    public boolean connect(int port, int eventFd) {
        try {
            vm.ioeventfd(BELL_MA, PORT_BYTES, eventFd, KvmVm.KVM_IOEVENTFD_FLAG_DATAMATCH, port);
            return true;
        } catch (HostException e) {
            LOG.log(Level.DEBUG, () -> "port " + port + " is heard by exits: " + e.getMessage());
            return false;
        }
    }

    /// Neither a guest that closes its port nor a backend that ends is to blame if KVM fails: both go on.
    @Override
    public void disconnect(int port, int eventFd) {
        try {
            vm.ioeventfd(BELL_MA, PORT_BYTES, eventFd,
                    KvmVm.KVM_IOEVENTFD_FLAG_DATAMATCH | KvmVm.KVM_IOEVENTFD_FLAG_DEASSIGN, port);
        } catch (HostException e) {
            LOG.log(Level.WARNING, () -> "KVM may keep what the guest sends on port " + port + " to itself: "
                    + e.getMessage());
        }
    }
}
