package xenolith.backend.net;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import xenolith.abi.io.Netif;

/// What all queues of one interface share: its link, its filter, its credit, the groups whose frames it wants,
/// and how it wants them dealt.
final class Vif {
    /// As many as Linux's backend keeps.
    private static final int MAX_GROUPS = 64;

    private final FrameLink link;
    private final FrameFilter filter;
    private final Credit credit;
    private final Set<Long> groups = ConcurrentHashMap.newKeySet();
    private final NetHash hash = new NetHash();
    private volatile boolean onlyGroups;

    Vif(FrameLink link, FrameFilter filter, Credit credit) {
        this.link = link;
        this.filter = filter;
        this.credit = credit;
    }

    FrameLink link() {
        return link;
    }

    boolean takesOffloads() {
        return link.takesOffloads();
    }

    int maxFrameBytes() {
        return link.maxFrameBytes();
    }

    FrameFilter filter() {
        return filter;
    }

    Credit credit() {
        return credit;
    }

    NetHash hash() {
        return hash;
    }

    /// A frontend comes that has asked for no group yet.
    ///
    /// @param control whether it will ask for groups, and wants no other's frames
    void connected(boolean control) {
        groups.clear();
        hash.clear();
        onlyGroups = control;
    }

    /// Adds or forgets a group. Returns false if there are too many, or if it is none.
    boolean multicast(TxPacket request) {
        byte[] address = request.multicastAddress();
        if ((address[0] & 1) == 0) {
            return false;
        }
        long mac = mac(address);
        if (request.multicast() == Netif.XEN_NETIF_EXTRA_TYPE_MCAST_DEL) {
            groups.remove(mac);
            return true;
        }
        return groups.size() < MAX_GROUPS && groups.add(mac) || groups.contains(mac);
    }

    /// Whether a frame to `mac` is for the guest. All are unless it asks for groups; those to everybody always.
    boolean wants(long mac) {
        return !onlyGroups || (mac >> 40 & 1) == 0 || mac == 0xFFFF_FFFF_FFFFL || groups.contains(mac);
    }

    private static long mac(byte[] address) {
        long mac = 0;
        for (byte octet : address) {
            mac = mac << Byte.SIZE | octet & 0xFF;
        }
        return mac;
    }
}
