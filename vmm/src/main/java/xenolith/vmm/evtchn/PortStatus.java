package xenolith.vmm.evtchn;

import xenolith.abi.XenEventChannel;

/// What `EVTCHNOP_status` tells of a port.
///
/// @param status one of `EVTCHNSTAT_*`
/// @param remoteDomid of a port that is bound, or waits, for a domain
/// @param detail the remote port, or the virq
public record PortStatus(int status, int vcpu, int remoteDomid, int detail) {
    /// A backend's end has no number of its own; it is told as that of the guest's end.
    static PortStatus of(Channel channel, int port, int domid) {
        int vcpu = channel.vcpu();
        return switch (channel) {
            case Channel.Free _ -> new PortStatus(XenEventChannel.EVTCHNSTAT_CLOSED, vcpu, 0, 0);
            case Channel.Unbound c -> new PortStatus(XenEventChannel.EVTCHNSTAT_UNBOUND, vcpu, c.remoteDomid(), 0);
            case Channel.Backend c ->
                new PortStatus(XenEventChannel.EVTCHNSTAT_INTERDOMAIN, vcpu, c.remoteDomid(), port);
            case Channel.Loopback c ->
                new PortStatus(XenEventChannel.EVTCHNSTAT_INTERDOMAIN, vcpu, domid, c.remotePort());
            case Channel.Virq c -> new PortStatus(XenEventChannel.EVTCHNSTAT_VIRQ, vcpu, 0, c.virq());
            case Channel.Ipi _ -> new PortStatus(XenEventChannel.EVTCHNSTAT_IPI, vcpu, 0, 0);
        };
    }
}
