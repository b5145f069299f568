package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import xenolith.abi.XenErrno;
import xenolith.abi.XenEventChannel;
import xenolith.vmm.evtchn.EventChannels;

/// `event_channel_op` (`xen/event_channel.h`).
final class EventChannelHypercall {
    long eventChannelOp(CallContext c, long cmd, long arg) {
        EventChannels events = c.domain().events();
        MemorySegment s = c.scratch();
        switch ((int) cmd) {
            case XenEventChannel.EVTCHNOP_SEND:
                return c.copyIn(arg, XenEventChannel.Send.SIZEOF)
                        ? events.send(XenEventChannel.Send.port(s, 0)) : -XenErrno.EFAULT;
            case XenEventChannel.EVTCHNOP_UNMASK:
                return c.copyIn(arg, XenEventChannel.Unmask.SIZEOF)
                        ? events.unmask(XenEventChannel.Unmask.port(s, 0)) : -XenErrno.EFAULT;
            case XenEventChannel.EVTCHNOP_CLOSE:
                return c.copyIn(arg, XenEventChannel.Close.SIZEOF)
                        ? events.close(XenEventChannel.Close.port(s, 0)) : -XenErrno.EFAULT;
            case XenEventChannel.EVTCHNOP_BIND_VCPU:
                return c.copyIn(arg, XenEventChannel.BindVcpu.SIZEOF)
                        ? events.bindVcpu(XenEventChannel.BindVcpu.port(s, 0), XenEventChannel.BindVcpu.vcpu(s, 0))
                        : -XenErrno.EFAULT;
            case XenEventChannel.EVTCHNOP_BIND_VIRQ:
                return bindVirq(c, events, arg);
            case XenEventChannel.EVTCHNOP_BIND_IPI:
                return bindIpi(c, events, arg);
            case XenEventChannel.EVTCHNOP_ALLOC_UNBOUND:
                return allocUnbound(c, events, arg);
            case XenEventChannel.EVTCHNOP_BIND_INTERDOMAIN:
                return bindInterdomain(c, events, arg);
            case XenEventChannel.EVTCHNOP_BIND_PIRQ:
                return -XenErrno.EPERM;
            default:
                return -XenErrno.ENOSYS;
        }
    }

    private static long bindVirq(CallContext c, EventChannels events, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenEventChannel.BindVirq.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long port = events.bindVirq(XenEventChannel.BindVirq.virq(s, 0), XenEventChannel.BindVirq.vcpu(s, 0));
        if (port > 0) {
            XenEventChannel.BindVirq.port(s, 0, (int) port);
        }
        return answer(c, events, arg, XenEventChannel.BindVirq.SIZEOF, port);
    }

    private static long bindIpi(CallContext c, EventChannels events, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenEventChannel.BindIpi.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long port = events.bindIpi(XenEventChannel.BindIpi.vcpu(s, 0));
        if (port > 0) {
            XenEventChannel.BindIpi.port(s, 0, (int) port);
        }
        return answer(c, events, arg, XenEventChannel.BindIpi.SIZEOF, port);
    }

    private static long allocUnbound(CallContext c, EventChannels events, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenEventChannel.AllocUnbound.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long port = events.allocUnbound(XenEventChannel.AllocUnbound.dom(s, 0),
                XenEventChannel.AllocUnbound.remoteDom(s, 0));
        if (port > 0) {
            XenEventChannel.AllocUnbound.port(s, 0, (int) port);
        }
        return answer(c, events, arg, XenEventChannel.AllocUnbound.SIZEOF, port);
    }

    private static long bindInterdomain(CallContext c, EventChannels events, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenEventChannel.BindInterdomain.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long port = events.bindInterdomain(XenEventChannel.BindInterdomain.remoteDom(s, 0),
                XenEventChannel.BindInterdomain.remotePort(s, 0));
        if (port > 0) {
            XenEventChannel.BindInterdomain.localPort(s, 0, (int) port);
        }
        return answer(c, events, arg, XenEventChannel.BindInterdomain.SIZEOF, port);
    }

    /// Copies the port out; a port that the guest cannot learn of is closed again.
    private static long answer(CallContext c, EventChannels events, long arg, long byteLength, long port) {
        if (port < 0) {
            return port;
        }
        if (!c.copyOut(arg, byteLength)) {
            events.close((int) port);
            return -XenErrno.EFAULT;
        }
        return 0;
    }
}
