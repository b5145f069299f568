package xenolith.backend.net.switching;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;

/// Behind which peer an address was last seen. Of bounded size: an entry that was not refreshed for five minutes counts as
/// none, and where there is no room the oldest of eight gives way.
///
/// One thread learns and forgets, one looks up; an entry is one word, so neither sees half of one.
final class MacTable {
    static final int UNKNOWN = -1;
    static final int MAX_SLOTS = 64;
    static final int CAPACITY = 1024;
    /// `System.nanoTime() >> TICK_SHIFT` is a tick: 4.3 s.
    static final int TICK_SHIFT = 32;
    /// Five minutes, as in IEEE 802.1D's table 7-5.
    static final int MAX_AGE_TICKS = 70;

    private static final long GROUP_BIT = 1L << 40;
    private static final int WINDOW = 8;
    private static final int SLOT_BITS = 6;
    private static final int TICK_BITS = 10;
    private static final int TICK_MASK = (1 << TICK_BITS) - 1;
    private static final int MAC_SHIFT = SLOT_BITS + TICK_BITS;

    /// `mac << 16 | slot << 10 | tick`, or 0.
    private final AtomicLongArray entries = new AtomicLongArray(CAPACITY);
    private final LongSupplier nanoTime;
    private int sweptAt;

    MacTable(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.sweptAt = tick();
    }

    /// Whether a frame to this address may be for many.
    static boolean isGroup(long mac) {
        return (mac & GROUP_BIT) != 0;
    }

    /// The slot of a peer, or [#UNKNOWN].
    int lookUp(long mac) {
        int tick = tick();
        int at = hash(mac);
        for (int i = 0; i < WINDOW; i++) {
            long entry = entries.getOpaque(at + i & CAPACITY - 1);
            if (entry >>> MAC_SHIFT == mac && entry != 0) {
                return age(entry, tick) < MAX_AGE_TICKS ? slot(entry) : UNKNOWN;
            }
        }
        return UNKNOWN;
    }

    /// Notes that a frame from this address came from the peer in `slot`.
    void learn(long mac, int slot) {
        if (mac == 0 || isGroup(mac)) {
            return;
        }
        int tick = tick();
        if (tick != sweptAt) {
            sweep(tick);
        }
        long fresh = mac << MAC_SHIFT | (long) slot << TICK_BITS | tick;
        int at = place(mac, tick);
        if (entries.getOpaque(at) != fresh) {
            entries.setOpaque(at, fresh);
        }
    }

    /// The address's own entry; else a free one; else the oldest one.
    private int place(long mac, int tick) {
        int at = hash(mac);
        int best = at;
        int bestAge = -1;
        for (int i = 0; i < WINDOW; i++) {
            int candidate = at + i & CAPACITY - 1;
            long entry = entries.getOpaque(candidate);
            if (entry >>> MAC_SHIFT == mac) {
                return candidate;
            }
            int age = entry == 0 ? Integer.MAX_VALUE : age(entry, tick);
            if (age > bestAge) {
                best = candidate;
                bestAge = age;
            }
        }
        return best;
    }

    /// Removes what is too old, long before a tick's few bits come round to it again.
    private void sweep(int tick) {
        sweptAt = tick;
        for (int at = 0; at < CAPACITY; at++) {
            long entry = entries.getOpaque(at);
            if (entry != 0 && age(entry, tick) >= MAX_AGE_TICKS) {
                entries.setOpaque(at, 0);
            }
        }
    }

    /// Forgets all addresses behind a peer that is gone.
    void forget(int slot) {
        for (int at = 0; at < CAPACITY; at++) {
            long entry = entries.getOpaque(at);
            if (entry != 0 && slot(entry) == slot) {
                entries.setOpaque(at, 0);
            }
        }
    }

    private int tick() {
        return (int) (nanoTime.getAsLong() >> TICK_SHIFT) & TICK_MASK;
    }

    private static int age(long entry, int tick) {
        return tick - (int) entry & TICK_MASK;
    }

    private static int slot(long entry) {
        return (int) (entry >>> TICK_BITS) & MAX_SLOTS - 1;
    }

    /// Guests' addresses differ in their low bits mostly; a multiplication spreads them over the high ones.
    private static int hash(long mac) {
        return (int) (mac * 0x9e37_79b9_7f4a_7c15L >>> 54);
    }
}
