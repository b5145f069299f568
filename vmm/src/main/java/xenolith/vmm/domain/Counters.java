package xenolith.vmm.domain;

/// What a domain did, counted. Written by whichever thread serves the vcpu, read by anybody: a reader may see a count
/// that is a little old.
public final class Counters {
    /// Why the vcpu left the guest for Java.
    public enum Exit {
        /// Of the calls of a domain with a poller, those that it left to the vcpu's thread.
        HYPERCALL,
        /// Calls that the poller would have answered, had it had a core to itself: not the guest's doing, nor ours.
        HYPERCALL_LATE, TRAP, KERNEL_FAULT, USER_GATE, KICK, OTHER
    }

    private static final int HYPERCALLS = 64;

    private final long[] exits = new long[Exit.values().length];
    private final long[] hypercalls = new long[HYPERCALLS];
    private final long[] traps = new long[TrapTable.VECTORS];
    private long polled;
    private long pageTableWrites;
    private long blocks;
    private long bounced;

    public void exit(Exit why) {
        exits[why.ordinal()]++;
    }

    /// @param number any number at all; those beyond the interface share the last slot
    public void hypercall(long number) {
        hypercalls[number >= 0 && number < HYPERCALLS ? (int) number : HYPERCALLS - 1]++;
    }

    public void trap(int vector) {
        traps[vector]++;
    }

    public void polledCall() {
        polled++;
    }

    public void pageTableWrite() {
        pageTableWrites++;
    }

    public void block() {
        blocks++;
    }

    public void bounce() {
        bounced++;
    }

    public long exits(Exit why) {
        return exits[why.ordinal()];
    }

    public long allExits() {
        long sum = 0;
        for (long count : exits) {
            sum += count;
        }
        return sum;
    }

    public long hypercalls(int number) {
        return hypercalls[number];
    }

    public long traps(int vector) {
        return traps[vector];
    }

    /// Hypercalls answered by the poller, without an exit.
    public long polledCalls() {
        return polled;
    }

    /// Writes to page tables that were trapped and emulated.
    public long pageTableWrites() {
        return pageTableWrites;
    }

    public long blocks() {
        return blocks;
    }

    /// Traps and upcalls that Java, not a stub, sent to the guest's kernel.
    public long bounces() {
        return bounced;
    }
}
