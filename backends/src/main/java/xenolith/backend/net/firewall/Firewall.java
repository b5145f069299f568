package xenolith.backend.net.firewall;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import xenolith.backend.net.FrameFilter;

/// The rules of one interface: section 3.3.5 of the paper, with Domain0 for the only one who changes them.
///
/// A frame is read once, out of the copy of its head. First it must be whole and, unless that is switched off, the
/// guest's own ([Identity]); then the rules of its direction are asked in their order, and what none decides passes. The
/// list is exchanged as a whole, so each frame meets the old rules or the new ones and none is held up or lost.
public final class Firewall implements FrameFilter {
    public static final int MAX_RULES = 1024;
    /// A translation has a table of connections of 300 KiB.
    public static final int MAX_TRANSLATIONS = 64;

    /// What was dropped before any rule was asked.
    ///
    /// @param malformed  headers that are cut short, do not fit the frame, or hide beyond the head
    /// @param foreignMac the guest's, under another's Ethernet address
    /// @param foreignIp  the guest's, under an IP address that is not its own
    /// @param notForIt   not sent to the guest's Ethernet address, nor to a group
    public record Guarded(long malformed, long foreignMac, long foreignIp, long notForIt) {
    }

    private final Identity identity;
    private final LongSupplier nanoTime;
    private final ThreadLocal<Scratch> scratches = ThreadLocal.withInitial(Scratch::new);
    private final AtomicLong malformed = new AtomicLong();
    private final AtomicLong foreignMac = new AtomicLong();
    private final AtomicLong foreignIp = new AtomicLong();
    private final AtomicLong notForIt = new AtomicLong();
    private volatile RuleList rules = RuleList.EMPTY;

    /// What a thread needs for a frame.
    private static final class Scratch {
        private final Packet packet = new Packet();
        private final long[] words = new long[3];
    }

    private Firewall(Identity identity, LongSupplier nanoTime) {
        this.identity = identity;
        this.nanoTime = nanoTime;
    }

    /// For an interface of a guest that may be any other: `antispoof=off`.
    public static Firewall trusting() {
        return new Firewall(null, System::nanoTime);
    }

    /// For a guest that is held to its addresses.
    ///
    /// @param mac       `02:16:3e:00:00:01`
    /// @param addresses literal IPv4 and IPv6 addresses; if there are none, any
    /// @throws IllegalArgumentException if one is none
    public static Firewall guarding(String mac, List<String> addresses) {
        return guarding(mac, addresses, System::nanoTime);
    }

    static Firewall guarding(String mac, List<String> addresses, LongSupplier nanoTime) {
        long number = Addresses.mac(mac);
        List<Addresses.Ip> ips = new ArrayList<>();
        for (String address : addresses) {
            ips.add(Addresses.ip(address));
        }
        if (number < 0 || ips.contains(null)) {
            throw new IllegalArgumentException("mac=" + mac + " addresses=" + addresses);
        }
        return new Firewall(new Identity(number, ips), nanoTime);
    }

    @Override
    public boolean fromGuest(MemorySegment vnetHeader, MemorySegment head, int headBytes, int frameBytes) {
        RuleList now = rules;
        if (identity == null && now.isEmpty()) {
            return true;
        }
        Scratch scratch = scratches.get();
        Packet packet = scratch.packet;
        if (!packet.parse(head, headBytes, frameBytes)) {
            return drop(malformed);
        }
        if (identity != null && !identity.isFromItsMac(packet)) {
            return drop(foreignMac);
        }
        if (identity != null && !identity.isFromItsIp(packet)) {
            return drop(foreignIp);
        }
        return now.isEmpty() || now.passesOut(vnetHeader, packet, scratch.words, nanoTime.getAsLong());
    }

    @Override
    public boolean toGuest(MemorySegment vnetHeader, MemorySegment head, int headBytes, int frameBytes) {
        RuleList now = rules;
        if (identity == null && now.isEmpty()) {
            return true;
        }
        Scratch scratch = scratches.get();
        Packet packet = scratch.packet;
        if (!packet.parse(head, headBytes, frameBytes)) {
            return drop(malformed);
        }
        if (identity != null && !identity.isForIt(packet)) {
            return drop(notForIt);
        }
        return now.isEmpty() || now.passesIn(vnetHeader, packet, scratch.words, nanoTime.getAsLong());
    }

    private static boolean drop(AtomicLong counter) {
        counter.getAndIncrement();
        return false;
    }

    /// The rules in their order, with what each has done.
    public List<RuleCount> rules() {
        return rules.all().stream().map(Rule::counted).toList();
    }

    public Guarded guarded() {
        return new Guarded(malformed.get(), foreignMac.get(), foreignIp.get(), notForIt.get());
    }

    /// Appends a rule, or puts it before rule number `before` (from 1).
    ///
    /// @throws RuleSyntaxException if it is none, or there is no such number, or no room
    public synchronized void insert(int before, String text) {
        List<Rule> changed = new ArrayList<>(rules.all());
        if (before < 1 || before > changed.size() + 1) {
            throw new RuleSyntaxException("there is no rule " + before + ", there are " + changed.size());
        }
        changed.add(before - 1, parsed(text));
        set(changed);
    }

    /// Likewise, behind all others.
    public synchronized void add(String text) {
        insert(rules.all().size() + 1, text);
    }

    /// Removes rule number `number` (from 1); a translation's connections end with it.
    public synchronized void delete(int number) {
        List<Rule> changed = new ArrayList<>(rules.all());
        if (number < 1 || number > changed.size()) {
            throw new RuleSyntaxException("there is no rule " + number + ", there are " + changed.size());
        }
        changed.remove(number - 1);
        set(changed);
    }

    /// Exchanges all rules at once for those of a file: one on a line, with `#` before comments. If one is wrong nothing
    /// changes.
    public synchronized void replace(List<String> lines) {
        List<Rule> changed = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).replaceFirst("#.*", "").strip();
            if (!line.isEmpty()) {
                try {
                    changed.add(parsed(line));
                } catch (RuleSyntaxException e) {
                    throw new RuleSyntaxException("line " + (i + 1) + ": " + e.getMessage());
                }
            }
            check(changed);
        }
        set(changed);
    }

    public synchronized void flush() {
        set(Collections.emptyList());
    }

    /// Sets all counts to 0.
    public synchronized void zero() {
        rules.all().forEach(Rule::zero);
        List.of(malformed, foreignMac, foreignIp, notForIt).forEach(counter -> counter.set(0));
    }

    private Rule parsed(String text) {
        return RuleParser.parse(text, nanoTime.getAsLong());
    }

    private void set(List<Rule> changed) {
        check(changed);
        rules = new RuleList(changed);
    }

    private static void check(List<Rule> changed) {
        if (changed.size() > MAX_RULES) {
            throw new RuleSyntaxException("an interface has at most " + MAX_RULES + " rules");
        }
        if (changed.stream().filter(rule -> rule.action() instanceof Action.Translate).count() > MAX_TRANSLATIONS) {
            throw new RuleSyntaxException("an interface has at most " + MAX_TRANSLATIONS + " rules with nat");
        }
    }
}
