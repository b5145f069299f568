package xenolith.vmm.domain;

import xenolith.abi.HypercallNumber;

/// The last hypercalls of a vcpu, for crash reports. Lock: the domain's.
public final class HypercallHistory {
    private static final int KEPT = 16;
    private static final int WORDS = 5;

    private final long[] ring = new long[KEPT * WORDS];
    private long count;

    public void record(long number, long arg0, long arg1, long rip, long result) {
        int at = (int) (count++ % KEPT) * WORDS;
        ring[at] = number;
        ring[at + 1] = arg0;
        ring[at + 2] = arg1;
        ring[at + 3] = rip;
        ring[at + 4] = result;
    }

    /// Oldest first, a line each.
    public String describe() {
        StringBuilder text = new StringBuilder();
        for (long i = Math.max(0, count - KEPT); i < count; i++) {
            int at = (int) (i % KEPT) * WORDS;
            text.append(String.format("  %s(0x%x, 0x%x) = %d from 0x%x%n", name(ring[at]), ring[at + 1], ring[at + 2],
                    ring[at + 4], ring[at + 3]));
        }
        return text.toString();
    }

    private static String name(long number) {
        return number >= 0 && number < 64 ? HypercallNumber.name((int) number) : "hypercall " + number;
    }
}
