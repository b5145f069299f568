package xenolith.backend.net.firewall;

/// Which frames a rule is for: all its parts must hold. A part that was not given holds for every frame.
///
/// @param etherType   or -1
/// @param fromMac     or -1
/// @param toMac       or -1
/// @param protocol    of IP, or -1
/// @param source      or null
/// @param destination or null
/// @param sourcePorts or null
/// @param destinationPorts or null
/// @param fragment    fragments alone
record Match(int etherType, long fromMac, long toMac, int protocol, Addresses.Network source,
        Addresses.Network destination, Ports sourcePorts, Ports destinationPorts, boolean fragment) {
    /// Ports, both ends included.
    record Ports(int first, int last) {
        /// What has no ports is in no range.
        boolean hold(int port) {
            return port >= first && port <= last;
        }
    }

    boolean holds(Packet packet) {
        return (etherType < 0 || packet.etherType == etherType)
                && (protocol < 0 || packet.protocol == protocol)
                && (destinationPorts == null || destinationPorts.hold(packet.destinationPort))
                && (sourcePorts == null || sourcePorts.hold(packet.sourcePort))
                && (destination == null || packet.isIp()
                        && destination.holds(packet.destinationHigh, packet.destinationLow, isV4(packet)))
                && (source == null || packet.isIp() && source.holds(packet.sourceHigh, packet.sourceLow, isV4(packet)))
                && (fromMac < 0 || packet.fromMac == fromMac)
                && (toMac < 0 || packet.toMac == toMac)
                && (!fragment || packet.isFragment);
    }

    private static boolean isV4(Packet packet) {
        return packet.etherType == Packet.IPV4;
    }
}
