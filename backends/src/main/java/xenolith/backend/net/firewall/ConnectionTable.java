package xenolith.backend.net.firewall;

import java.util.Arrays;

/// What a translation has to remember to undo it: which ends a connection had before. Of fixed size; its memory is taken
/// once. Guarded by its own monitor, as a connection's two directions may be two threads'.
///
/// A connection that nothing was heard of for a while is forgotten. When all places are taken by ones that are alive, new
/// ones are refused: whoever floods the table does not cut what was there before.
final class ConnectionTable {
    static final int CAPACITY = 4096;
    static final long OPENING_NS = 60_000_000_000L;
    static final long TCP_NS = 3_600_000_000_000L;
    static final long UDP_NS = 180_000_000_000L;
    static final long CLOSING_NS = 120_000_000_000L;

    private static final byte ANSWERED = 1;
    private static final byte CLOSING = 2;
    private static final int NONE = -1;
    private static final int BUCKETS = 8192;
    /// As many are looked at for one that has expired when there is no free place.
    private static final int RECLAIM_STEPS = 32;
    /// A longer chain than chance makes: its bucket takes no more.
    private static final int MAX_CHAIN = 64;
    /// Words of an entry: the peer's address, the address and ports that the packet has once translated, and those that
    /// it had.
    private static final int WORDS = 8;
    private static final int PEER = 0;
    private static final int INNER = 2;
    private static final int PORTS = 4;
    private static final int OUTER = 5;
    private static final int OUTER_PORT = 7;

    private final long[] words = new long[CAPACITY * WORDS];
    private final long[] expiresNs = new long[CAPACITY];
    private final byte[] states = new byte[CAPACITY];
    private final int[] next = new int[CAPACITY];
    private final int[] buckets = new int[BUCKETS];
    private final long seed;
    private int free;
    private int hand;
    private int size;

    /// @param seed makes chains that others cannot foresee
    ConnectionTable(long seed) {
        this.seed = seed | 1;
        Arrays.fill(buckets, NONE);
        for (int i = 0; i < CAPACITY; i++) {
            next[i] = i + 1 == CAPACITY ? NONE : i + 1;
        }
    }

    synchronized int size() {
        return size;
    }

    /// Notes a packet that goes to `high:low` and `port` instead of where it says. Returns false if that cannot be
    /// remembered, or the translated ends are another connection's.
    synchronized boolean forward(Packet packet, long high, long low, int port, long nowNs) {
        long ports = ports(packet.protocol, packet.sourcePort, port);
        int bucket = bucket(packet.sourceHigh, packet.sourceLow, high, low, ports);
        int entry = find(bucket, packet.sourceHigh, packet.sourceLow, high, low, ports, nowNs);
        if (entry == NONE) {
            entry = insert(bucket, packet, high, low, ports, nowNs);
            if (entry == NONE) {
                return false;
            }
        } else if (words[entry * WORDS + OUTER] != packet.destinationHigh
                || words[entry * WORDS + OUTER + 1] != packet.destinationLow
                || words[entry * WORDS + OUTER_PORT] != packet.destinationPort) {
            return false;
        }
        if (isOpening(packet)) {
            states[entry] = 0;
        }
        touch(entry, packet, nowNs);
        return true;
    }

    /// Puts the old ends into `outer` (address high, low, port) if the packet is an answer of a connection; returns false
    /// if it is none.
    synchronized boolean reverse(Packet packet, long[] outer, long nowNs) {
        long ports = ports(packet.protocol, packet.destinationPort, packet.sourcePort);
        int bucket = bucket(packet.destinationHigh, packet.destinationLow, packet.sourceHigh, packet.sourceLow, ports);
        int entry = find(bucket, packet.destinationHigh, packet.destinationLow, packet.sourceHigh, packet.sourceLow,
                ports, nowNs);
        if (entry == NONE) {
            return false;
        }
        states[entry] |= ANSWERED;
        touch(entry, packet, nowNs);
        System.arraycopy(words, entry * WORDS + OUTER, outer, 0, 3);
        return true;
    }

    private void touch(int entry, Packet packet, long nowNs) {
        if (isClosing(packet)) {
            states[entry] |= CLOSING;
        }
        long timeoutNs = (states[entry] & ANSWERED) == 0 ? OPENING_NS : packet.protocol == Packet.UDP ? UDP_NS
                : (states[entry] & CLOSING) != 0 ? CLOSING_NS : TCP_NS;
        expiresNs[entry] = nowNs + timeoutNs;
    }

    private static boolean isOpening(Packet packet) {
        return packet.protocol == Packet.TCP && (Bytes.u8(packet.head, packet.transport + 13) & 0x12) == 0x02;
    }

    /// FIN or RST. What is said after that prolongs by little, until a SYN begins anew.
    private static boolean isClosing(Packet packet) {
        return packet.protocol == Packet.TCP && (Bytes.u8(packet.head, packet.transport + 13) & 0x05) != 0;
    }

    private static long ports(int protocol, int peerPort, int innerPort) {
        return (long) protocol << 32 | (long) peerPort << 16 | innerPort;
    }

    private int bucket(long peerHigh, long peerLow, long high, long low, long ports) {
        long hash = peerHigh * 31 + peerLow;
        hash = hash * seed + high;
        hash = (hash ^ hash >>> 29) * seed + low;
        hash = (hash ^ hash >>> 31) * seed + ports;
        hash = (hash ^ hash >>> 30) * 0x9e37_79b9_7f4a_7c15L;
        return (int) (hash >>> 51);
    }

    /// Drops what has expired on its way.
    private int find(int bucket, long peerHigh, long peerLow, long high, long low, long ports, long nowNs) {
        int before = NONE;
        int entry = buckets[bucket];
        while (entry != NONE) {
            int following = next[entry];
            int at = entry * WORDS;
            if (expiresNs[entry] - nowNs < 0) {
                unlink(bucket, before, entry);
            } else if (words[at + PORTS] == ports && words[at + PEER + 1] == peerLow && words[at + INNER + 1] == low
                    && words[at + PEER] == peerHigh && words[at + INNER] == high) {
                return entry;
            } else {
                before = entry;
            }
            entry = following;
        }
        return NONE;
    }

    private void unlink(int bucket, int before, int entry) {
        if (before == NONE) {
            buckets[bucket] = next[entry];
        } else {
            next[before] = next[entry];
        }
        next[entry] = free;
        free = entry;
        size--;
    }

    private int insert(int bucket, Packet packet, long high, long low, long ports, long nowNs) {
        if (free == NONE) {
            reclaim(nowNs);
        }
        if (free == NONE || chainLength(bucket) >= MAX_CHAIN) {
            return NONE;
        }
        int entry = free;
        free = next[entry];
        next[entry] = buckets[bucket];
        buckets[bucket] = entry;
        size++;
        states[entry] = 0;
        int at = entry * WORDS;
        words[at + PEER] = packet.sourceHigh;
        words[at + PEER + 1] = packet.sourceLow;
        words[at + INNER] = high;
        words[at + INNER + 1] = low;
        words[at + PORTS] = ports;
        words[at + OUTER] = packet.destinationHigh;
        words[at + OUTER + 1] = packet.destinationLow;
        words[at + OUTER_PORT] = packet.destinationPort;
        return entry;
    }

    private int chainLength(int bucket) {
        int length = 0;
        for (int entry = buckets[bucket]; entry != NONE; entry = next[entry]) {
            length++;
        }
        return length;
    }

    /// All entries are in use: looks on, from where it stopped, for some that have expired.
    private void reclaim(long nowNs) {
        for (int step = 0; step < RECLAIM_STEPS; step++) {
            int entry = hand;
            hand = (hand + 1) % CAPACITY;
            if (expiresNs[entry] - nowNs < 0) {
                int at = entry * WORDS;
                find(bucket(words[at + PEER], words[at + PEER + 1], words[at + INNER], words[at + INNER + 1],
                        words[at + PORTS]), 0, 0, 0, 0, NONE, nowNs);
                return;
            }
        }
    }
}
