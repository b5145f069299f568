package xenolith.backend.net.firewall;

/// Which packets have had a first fragment translated, and to what address: the later ones have no ports to be known by,
/// and what tells a packet's fragments from others' are its addresses, its protocol and its identification (RFC 791 §3.2,
/// RFC 8200 §4.5). Of fixed size, the oldest giving way; guarded by its own monitor.
final class FragmentTable {
    static final int CAPACITY = 64;
    /// As long as Linux waits for the rest of a packet (`ipfrag_time`).
    static final long LIFETIME_NS = 30_000_000_000L;

    private static final int WORDS = 8;
    private static final int SOURCE = 0;
    private static final int DESTINATION = 2;
    private static final int ID = 4;
    private static final int ADDRESS = 5;
    private static final int EXPIRES_NS = 7;

    private final long[] words = new long[CAPACITY * WORDS];
    private int used;
    private int next;

    /// Notes that the packet's later fragments go with the address `high:low`, too. The packet is as it came.
    synchronized void remember(Packet first, long high, long low, long nowNs) {
        int entry = find(first);
        if (entry < 0) {
            entry = next * WORDS;
            next = (next + 1) % CAPACITY;
            used = Math.min(CAPACITY, used + 1);
        }
        words[entry + SOURCE] = first.sourceHigh;
        words[entry + SOURCE + 1] = first.sourceLow;
        words[entry + DESTINATION] = first.destinationHigh;
        words[entry + DESTINATION + 1] = first.destinationLow;
        words[entry + ID] = id(first);
        words[entry + ADDRESS] = high;
        words[entry + ADDRESS + 1] = low;
        words[entry + EXPIRES_NS] = nowNs + LIFETIME_NS;
    }

    /// Puts the address for a later fragment into `address` (high, low); returns false if its first one was not translated.
    synchronized boolean lookUp(Packet later, long[] address, long nowNs) {
        int entry = find(later);
        if (entry < 0 || words[entry + EXPIRES_NS] - nowNs < 0) {
            return false;
        }
        System.arraycopy(words, entry + ADDRESS, address, 0, 2);
        return true;
    }

    private int find(Packet packet) {
        long id = id(packet);
        for (int entry = 0; entry < used * WORDS; entry += WORDS) {
            if (words[entry + ID] == id && words[entry + SOURCE + 1] == packet.sourceLow
                    && words[entry + DESTINATION + 1] == packet.destinationLow
                    && words[entry + SOURCE] == packet.sourceHigh && words[entry + DESTINATION] == packet.destinationHigh) {
                return entry;
            }
        }
        return -1;
    }

    private static long id(Packet packet) {
        return packet.fragmentId << Byte.SIZE | packet.protocol;
    }
}
