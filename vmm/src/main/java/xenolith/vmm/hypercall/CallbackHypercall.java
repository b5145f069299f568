package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import xenolith.abi.XenCallback;
import xenolith.abi.XenErrno;
import xenolith.abi.XenTrapInfo;
import xenolith.vmm.domain.TrapTable;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.mm.PageWalk;

/// `set_trap_table`, `set_callbacks` and `callback_op` (`arch-x86/xen.h`, `xen/callback.h`).
///
/// A handler in the hypervisor's part of the address space is refused: registers that point there are taken for our own
/// code at work.
///
/// The monitor's stubs jump to the handlers that matter most by themselves, so it is told of those.
final class CallbackHypercall {
    private static final int PAGE_FAULT = 14;
    private static final int NMI = 2;

    /// At most 256 entries are read, though a table may name a vector twice: Xen's own bound is the same.
    long setTrapTable(CallContext c, long table) {
        if (table == 0) {
            c.vcpu().traps().clear();
            tellMonitor(c.vcpu());
            return 0;
        }
        long rc = readTraps(c, table);
        tellMonitor(c.vcpu());
        return rc;
    }

    /// What comes before a bad entry stands, as with Xen.
    private static long readTraps(CallContext c, long table) {
        TrapTable traps = c.vcpu().traps();
        MemorySegment s = c.scratch();
        for (int i = 0; i < TrapTable.VECTORS; i++) {
            if (!c.copyIn(table + i * XenTrapInfo.SIZEOF, XenTrapInfo.SIZEOF)) {
                return -XenErrno.EFAULT;
            }
            long address = XenTrapInfo.address(s, 0);
            if (address == 0) {
                return 0;
            }
            if (!PageWalk.isGuestAddress(address)) {
                return -XenErrno.EINVAL;
            }
            traps.set(XenTrapInfo.vector(s, 0), XenTrapInfo.flags(s, 0), address);
        }
        return 0;
    }

    private static void tellMonitor(Vcpu vcpu) {
        vcpu.window().pageFaultEntry(vcpu.traps().handler(PAGE_FAULT), vcpu.traps().masksEvents(PAGE_FAULT));
    }

    /// The older form of `callback_op`: three handlers at once.
    long setCallbacks(CallContext c, long event, long failsafe, long syscall) {
        long rc = register(c.vcpu(), XenCallback.CALLBACKTYPE_EVENT, event, true);
        if (rc == 0) {
            rc = register(c.vcpu(), XenCallback.CALLBACKTYPE_FAILSAFE, failsafe, false);
        }
        return rc == 0 ? register(c.vcpu(), XenCallback.CALLBACKTYPE_SYSCALL, syscall, false) : rc;
    }

    long callbackOp(CallContext c, long cmd, long arg) {
        MemorySegment s = c.scratch();
        if (cmd == XenCallback.CALLBACKOP_REGISTER) {
            if (!c.copyIn(arg, XenCallback.Register.SIZEOF)) {
                return -XenErrno.EFAULT;
            }
            boolean masks = (XenCallback.Register.flags(s, 0) & XenCallback.CALLBACKF_MASK_EVENTS) != 0;
            return register(c.vcpu(), XenCallback.Register.type(s, 0), XenCallback.Register.address(s, 0), masks);
        }
        if (cmd == XenCallback.CALLBACKOP_UNREGISTER) {
            if (!c.copyIn(arg, XenCallback.Unregister.SIZEOF)) {
                return -XenErrno.EFAULT;
            }
            return unregister(c.vcpu(), XenCallback.Unregister.type(s, 0));
        }
        return -XenErrno.ENOSYS;
    }

    private static long register(Vcpu vcpu, int type, long address, boolean masksEvents) {
        if (address != 0 && !PageWalk.isGuestAddress(address)) {
            return -XenErrno.EINVAL;
        }
        switch (type) {
            case XenCallback.CALLBACKTYPE_EVENT -> vcpu.window().eventEntry(address);
            case XenCallback.CALLBACKTYPE_SYSCALL -> vcpu.window().syscallEntry(address, masksEvents);
            case XenCallback.CALLBACKTYPE_FAILSAFE, XenCallback.CALLBACKTYPE_SYSENTER,
                    XenCallback.CALLBACKTYPE_SYSCALL32 -> { }
            // Another name for the gate of exception 2, whose other properties it takes away.
            case XenCallback.CALLBACKTYPE_NMI -> vcpu.traps().set(NMI, 0, address);
            default -> {
                return -XenErrno.ENOSYS;
            }
        }
        vcpu.traps().setCallback(type, address, masksEvents);
        return 0;
    }

    /// Only the NMI callback may be taken back.
    private static long unregister(Vcpu vcpu, int type) {
        return switch (type) {
            case XenCallback.CALLBACKTYPE_NMI -> register(vcpu, type, 0, false);
            case XenCallback.CALLBACKTYPE_EVENT, XenCallback.CALLBACKTYPE_FAILSAFE, XenCallback.CALLBACKTYPE_SYSCALL,
                    XenCallback.CALLBACKTYPE_SYSENTER, XenCallback.CALLBACKTYPE_SYSCALL32 -> -XenErrno.EINVAL;
            default -> -XenErrno.ENOSYS;
        };
    }

    static boolean isCanonical(long va) {
        return va << 16 >> 16 == va;
    }
}
