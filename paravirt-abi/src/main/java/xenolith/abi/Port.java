package xenolith.abi;

/// An event channel's number within its domain: `evtchn_port_t` of xen/include/public/event_channel.h, unsigned.
///
/// Port 0 is never allocated.
public record Port(int value) {
    @Override
    public String toString() {
        return "port " + Integer.toUnsignedString(value);
    }
}
