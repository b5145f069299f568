package xenolith.backend.net.firewall;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// The rules of an interface at one moment. Never changed: a change makes another list, of the same rules but one.
final class RuleList {
    static final RuleList EMPTY = new RuleList(List.of());

    private final List<Rule> all;
    private final Rule[] in;
    private final Rule[] out;
    private final Action.Translate[] translatingIn;
    private final Action.Translate[] translatingOut;

    RuleList(List<Rule> rules) {
        all = List.copyOf(rules);
        in = of(Rule.Direction.IN);
        out = of(Rule.Direction.OUT);
        translatingIn = translations(in);
        translatingOut = translations(out);
    }

    private Rule[] of(Rule.Direction direction) {
        return all.stream().filter(rule -> rule.isFor(direction)).toArray(Rule[]::new);
    }

    private static Action.Translate[] translations(Rule[] rules) {
        List<Action.Translate> found = new ArrayList<>();
        for (Rule rule : rules) {
            if (rule.action() instanceof Action.Translate translate) {
                found.add(translate);
            }
        }
        return found.toArray(Action.Translate[]::new);
    }

    List<Rule> all() {
        return all;
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /// Whether a frame of the guest's passes. May rewrite it.
    boolean passesOut(MemorySegment vnetHeader, Packet packet, long[] scratch, long nowNs) {
        if (!passes(out, vnetHeader, packet, scratch, nowNs)) {
            return false;
        }
        undo(translatingIn, vnetHeader, packet, scratch, nowNs);
        return true;
    }

    /// Whether a frame to the guest passes; likewise.
    boolean passesIn(MemorySegment vnetHeader, Packet packet, long[] scratch, long nowNs) {
        if (!passes(in, vnetHeader, packet, scratch, nowNs)) {
            return false;
        }
        undo(translatingOut, vnetHeader, packet, scratch, nowNs);
        return true;
    }

    /// What no rule decides passes.
    private static boolean passes(Rule[] rules, MemorySegment vnetHeader, Packet packet, long[] scratch, long nowNs) {
        for (Rule rule : rules) {
            if (packet.isLaterFragment && rule.action() instanceof Action.Translate translate) {
                // Whether it is for this rule is what its first fragment's ports said.
                if (translate.forwardLater(packet, scratch, nowNs)) {
                    rule.count(packet);
                }
                continue;
            }
            if (!rule.match().holds(packet)) {
                continue;
            }
            rule.count(packet);
            boolean goesOn = switch (rule.action()) {
                case Action.Allow _ -> true;
                case Action.Drop _ -> false;
                case Action.Limit limit -> limit.lets(packet, nowNs);
                case Action.Translate translate -> translate.forward(vnetHeader, packet, nowNs);
            };
            if (!goesOn) {
                rule.countDropped();
                return false;
            }
            if (rule.action() instanceof Action.Allow) {
                return true;
            }
        }
        return true;
    }

    /// Undoes the other direction's translation, if the packet answers one; else leaves it as it is.
    private static void undo(Action.Translate[] translations, MemorySegment vnetHeader, Packet packet, long[] scratch,
            long nowNs) {
        for (Action.Translate translate : translations) {
            if (packet.isLaterFragment ? translate.reverseLater(packet, scratch, nowNs)
                    : translate.reverse(vnetHeader, packet, scratch, nowNs)) {
                return;
            }
        }
    }
}
