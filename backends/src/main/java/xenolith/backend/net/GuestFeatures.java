package xenolith.backend.net;

import xenolith.backend.DeviceNodes;

/// What a frontend says that it can take (netif.h): frames in several slots, TCP that is still to be cut, and checksums
/// that are still to be computed; and whether it sends an event when it has posted pages to receive into.
record GuestFeatures(boolean sg, boolean gsoTcpv4, boolean gsoTcpv6, boolean checksumIpv4, boolean checksumIpv6,
        boolean rxNotify) {
    static GuestFeatures read(DeviceNodes nodes) {
        boolean sg = isSet(nodes, "feature-sg");
        return new GuestFeatures(sg, sg && isSet(nodes, "feature-gso-tcpv4"), sg && isSet(nodes, "feature-gso-tcpv6"),
                !isSet(nodes, "feature-no-csum-offload"), isSet(nodes, "feature-ipv6-csum-offload"),
                isSet(nodes, "feature-rx-notify"));
    }

    static boolean isSet(DeviceNodes nodes, String name) {
        return nodes.read(name).filter("1"::equals).isPresent();
    }
}
