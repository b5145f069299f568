package xenolith.vmm.hypercall;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;
import xenolith.abi.XenEventChannel;
import xenolith.abi.XenEventFifo;
import xenolith.vmm.evtchn.EventChannels;
import xenolith.vmm.evtchn.PortStatus;
import xenolith.vmm.mm.PageTables;

/// `event_channel_op` (`xen/event_channel.h`).
final class EventChannelHypercall {
    /// Ports that a reset looks at before it asks whether its piece is over.
    private static final int RESET_PORTS = 64;
    /// Ports that a search looks at in the time of one element of `mmu_update`.
    private static final int PORTS_PER_ELEMENT = 16;
    private static final long BIND_VIRQ_PORT = portOffset(XenEventChannel.BindVirq.LAYOUT, "port");
    private static final long BIND_IPI_PORT = portOffset(XenEventChannel.BindIpi.LAYOUT, "port");
    private static final long ALLOC_UNBOUND_PORT = portOffset(XenEventChannel.AllocUnbound.LAYOUT, "port");
    private static final long BIND_INTERDOMAIN_PORT = portOffset(XenEventChannel.BindInterdomain.LAYOUT, "local_port");
    /// Of `evtchn_op`: the command, then what the command is about.
    private static final int COMPAT_ARGUMENT = 4;
    private static final int COMPAT_BYTES = 28;

    private static long portOffset(StructLayout layout, String name) {
        return layout.byteOffset(MemoryLayout.PathElement.groupElement(name));
    }

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
            default:
                return rare(c, (int) cmd, events, arg);
        }
    }

    /// `event_channel_op_compat`: the command stands before its structure. The younger commands are not to be had.
    long compat(CallContext c, long arg) {
        if (!c.copyIn(arg, COMPAT_BYTES)) {
            return -XenErrno.EFAULT;
        }
        int cmd = c.scratch().get(ValueLayout.JAVA_INT, 0);
        return cmd >= 0 && cmd <= XenEventChannel.EVTCHNOP_UNMASK ? eventChannelOp(c, cmd, arg + COMPAT_ARGUMENT)
                : -XenErrno.ENOSYS;
    }

    private static long rare(CallContext c, int cmd, EventChannels events, long arg) {
        return switch (cmd) {
            case XenEventChannel.EVTCHNOP_BIND_PIRQ -> bindPirq(c, arg);
            case XenEventChannel.EVTCHNOP_STATUS -> status(c, events, arg);
            case XenEventChannel.EVTCHNOP_RESET -> reset(c, events, arg);
            case XenEventChannel.EVTCHNOP_INIT_CONTROL -> initControl(c, events, arg);
            case XenEventChannel.EVTCHNOP_EXPAND_ARRAY -> expandArray(c, events, arg);
            case XenEventChannel.EVTCHNOP_SET_PRIORITY ->
                c.copyIn(arg, XenEventFifo.SetPriority.SIZEOF)
                        ? events.setPriority(XenEventFifo.SetPriority.port(c.scratch(), 0),
                                XenEventFifo.SetPriority.priority(c.scratch(), 0)) : -XenErrno.EFAULT;
            default -> -XenErrno.ENOSYS;
        };
    }

    /// A domain without devices was permitted no physical interrupt.
    private static long bindPirq(CallContext c, long arg) {
        if (!c.copyIn(arg, XenEventChannel.BindPirq.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        int pirq = XenEventChannel.BindPirq.pirq(c.scratch(), 0);
        return pirq < 0 || pirq >= PhysdevHypercall.PIRQS ? -XenErrno.EINVAL : -XenErrno.EPERM;
    }

    private static long status(CallContext c, EventChannels events, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenEventChannel.Status.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long rc = DomainNames.checkSelf(c.domain(), XenEventChannel.Status.dom(s, 0));
        if (rc < 0) {
            return rc;
        }
        PortStatus port = events.status(XenEventChannel.Status.port(s, 0));
        if (port == null) {
            return -XenErrno.EINVAL;
        }
        XenEventChannel.Status.status(s, 0, port.status());
        XenEventChannel.Status.vcpu(s, 0, port.vcpu());
        switch (port.status()) {
            case XenEventChannel.EVTCHNSTAT_UNBOUND -> XenEventChannel.Status.unboundDom(s, 0, port.remoteDomid());
            case XenEventChannel.EVTCHNSTAT_INTERDOMAIN -> {
                XenEventChannel.Status.interdomainDom(s, 0, port.remoteDomid());
                XenEventChannel.Status.interdomainPort(s, 0, port.detail());
            }
            case XenEventChannel.EVTCHNSTAT_VIRQ -> XenEventChannel.Status.virq(s, 0, port.detail());
            default -> { }
        }
        return c.copyOut(arg, XenEventChannel.Status.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    private static long reset(CallContext c, EventChannels events, long arg) {
        if (!c.copyIn(arg, XenEventChannel.Reset.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long rc = DomainNames.checkSelf(c.domain(), XenEventChannel.Reset.dom(c.scratch(), 0));
        return rc < 0 ? rc : closeAll(c, events);
    }

    /// There may be 131071 ports, so it is done in pieces.
    private static long closeAll(CallContext c, EventChannels events) {
        int port = (int) c.progress();
        while (events.closeSome(port, RESET_PORTS)) {
            port += RESET_PORTS;
            if (c.isPieceOver(RESET_PORTS)) {
                c.progress(port);
                return CallContext.AGAIN;
            }
        }
        c.progress(0);
        return events.reset(c.domain().lentFrames());
    }

    private static long initControl(CallContext c, EventChannels events, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyInForAnswer(arg, XenEventFifo.InitControl.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long rc = events.initControl(XenEventFifo.InitControl.vcpu(s, 0), XenEventFifo.InitControl.controlGfn(s, 0),
                XenEventFifo.InitControl.offset(s, 0), c.domain().lentFrames());
        if (rc < 0) {
            return rc == PageTables.RETRY ? CallContext.AGAIN : rc;
        }
        XenEventFifo.InitControl.linkBits(s, 0, XenEventFifo.EVTCHN_FIFO_LINK_BITS);
        return c.copyOut(arg, XenEventFifo.InitControl.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    private static long expandArray(CallContext c, EventChannels events, long arg) {
        if (!c.copyIn(arg, XenEventFifo.ExpandArray.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long rc = events.expandArray(XenEventFifo.ExpandArray.arrayGfn(c.scratch(), 0), c.domain().lentFrames());
        return rc == PageTables.RETRY ? CallContext.AGAIN : rc;
    }

    private static long bindVirq(CallContext c, EventChannels events, long arg) {
        MemorySegment s = c.scratch();
        return c.copyInForAnswer(arg, XenEventChannel.BindVirq.SIZEOF)
                ? tell(c, events, arg + BIND_VIRQ_PORT,
                        events.bindVirq(XenEventChannel.BindVirq.virq(s, 0), XenEventChannel.BindVirq.vcpu(s, 0)))
                : -XenErrno.EFAULT;
    }

    private static long bindIpi(CallContext c, EventChannels events, long arg) {
        return c.copyInForAnswer(arg, XenEventChannel.BindIpi.SIZEOF)
                ? tell(c, events, arg + BIND_IPI_PORT, events.bindIpi(XenEventChannel.BindIpi.vcpu(c.scratch(), 0)))
                : -XenErrno.EFAULT;
    }

    private static long allocUnbound(CallContext c, EventChannels events, long arg) {
        MemorySegment s = c.scratch();
        return c.copyInForAnswer(arg, XenEventChannel.AllocUnbound.SIZEOF)
                ? tell(c, events, arg + ALLOC_UNBOUND_PORT, events.allocUnbound(XenEventChannel.AllocUnbound.dom(s, 0),
                        XenEventChannel.AllocUnbound.remoteDom(s, 0)))
                : -XenErrno.EFAULT;
    }

    private static long bindInterdomain(CallContext c, EventChannels events, long arg) {
        MemorySegment s = c.scratch();
        return c.copyInForAnswer(arg, XenEventChannel.BindInterdomain.SIZEOF)
                ? tell(c, events, arg + BIND_INTERDOMAIN_PORT,
                        events.bindInterdomain(XenEventChannel.BindInterdomain.remoteDom(s, 0),
                                XenEventChannel.BindInterdomain.remotePort(s, 0)))
                : -XenErrno.EFAULT;
    }

    /// Tells a new port, or why there is none, and counts the search for it.
    private static long tell(CallContext c, EventChannels events, long va, long port) {
        c.spend(events.scanned() / PORTS_PER_ELEMENT);
        if (port < 0) {
            return port;
        }
        c.scratch().set(ValueLayout.JAVA_INT, 0, (int) port);
        return c.copyOut(va, Integer.BYTES) ? 0 : -XenErrno.EFAULT;
    }
}
