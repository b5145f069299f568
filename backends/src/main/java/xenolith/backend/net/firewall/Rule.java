package xenolith.backend.net.firewall;

import java.util.concurrent.atomic.AtomicLong;

/// One rule with its counts, which go on whatever becomes of the other rules.
final class Rule {
    /// Seen from the guest.
    enum Direction {
        /// To the guest.
        IN,
        /// From the guest.
        OUT,
        BOTH
    }

    private final String text;
    private final Direction direction;
    private final Match match;
    private final Action action;
    private final AtomicLong packets = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();

    Rule(String text, Direction direction, Match match, Action action) {
        this.text = text;
        this.direction = direction;
        this.match = match;
        this.action = action;
    }

    Match match() {
        return match;
    }

    Action action() {
        return action;
    }

    boolean isFor(Direction which) {
        return direction == Direction.BOTH || direction == which;
    }

    void count(Packet packet) {
        packets.getAndIncrement();
        bytes.getAndAdd(packet.frameBytes);
    }

    void countDropped() {
        dropped.getAndIncrement();
    }

    void zero() {
        packets.set(0);
        bytes.set(0);
        dropped.set(0);
    }

    RuleCount counted() {
        return new RuleCount(text, packets.get(), bytes.get(), dropped.get());
    }
}
