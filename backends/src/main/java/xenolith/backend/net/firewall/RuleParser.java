package xenolith.backend.net.firewall;

import java.util.HashMap;
import java.util.Map;

/// Reads a rule: `DIRECTION ACTION PATTERN…`, words with spaces between them. docs/firewall.md describes them.
final class RuleParser {
    private static final int MAX_PORT = 0xffff;
    private static final int MAX_PROTOCOL = 0xff;
    private static final int MAX_WORDS = 40;
    /// No burst is smaller, or the biggest frame could never pass.
    private static final long MIN_BURST_BITS = 65_600L * 8;
    private static final long MAX_BURST_BYTES = (1L << 30) - 1;
    private static final long MAX_RATE = 100_000_000_000L;
    /// A burst that is not given is what comes in so long a time.
    private static final long BURSTS_PER_S = 20;
    private static final String PATTERNS =
            "ethertype, from-mac, to-mac, proto, src, dst, sport, dport or fragment";

    private final String[] words;
    private final long nowNs;
    private final Map<String, Object> given = new HashMap<>();
    private int at;

    private RuleParser(String[] words, long nowNs) {
        this.words = words;
        this.nowNs = nowNs;
    }

    /// @param nowNs when a limit of the rule begins
    /// @throws RuleSyntaxException if it is no rule
    static Rule parse(String text, long nowNs) {
        String[] words = text.strip().split("\\s+");
        if (words.length > MAX_WORDS) {
            throw new RuleSyntaxException("a rule has at most " + MAX_WORDS + " words");
        }
        return new RuleParser(words, nowNs).rule();
    }

    private Rule rule() {
        Rule.Direction direction = switch (next("in, out or both")) {
            case "in" -> Rule.Direction.IN;
            case "out" -> Rule.Direction.OUT;
            case "both" -> Rule.Direction.BOTH;
            default -> throw wrong("is no direction: in (to the guest), out (from the guest) or both");
        };
        Action action = switch (next("allow, drop, limit or nat")) {
            case "allow" -> new Action.Allow();
            case "drop" -> new Action.Drop();
            case "limit" -> limit();
            case "nat" -> direction == Rule.Direction.BOTH ? fail("goes one way: in or out") : translate();
            default -> throw wrong("is no action: allow, drop, limit or nat");
        };
        while (at < words.length) {
            pattern();
        }
        Match match = match();
        if (action instanceof Action.Translate translate) {
            checkTranslation(translate, match);
        }
        return new Rule(String.join(" ", words), direction, match, action);
    }

    private void checkTranslation(Action.Translate translate, Match match) {
        if (match.protocol() != Packet.TCP && match.protocol() != Packet.UDP) {
            throw new RuleSyntaxException("nat needs proto tcp or proto udp");
        }
        if (translate.address() != null && match.destination() != null
                && match.destination().isV4() != translate.address().isV4()) {
            throw new RuleSyntaxException("nat cannot go from IPv4 to IPv6, or back");
        }
    }

    private Action limit() {
        String rate = next("a rate, as 10mbit or 500pps");
        boolean countsFrames = rate.endsWith("pps");
        long perSecond = countsFrames ? scaled(rate, "pps", MAX_RATE) : scaled(rate, "bit", MAX_RATE);
        if (perSecond < 1) {
            throw wrong("is no rate: a number with bit, kbit, mbit, gbit or pps, of at most 100gbit");
        }
        long burst = Math.max(1, perSecond / BURSTS_PER_S);
        if (at < words.length && words[at].equals("burst")) {
            at++;
            String size = next("a burst, as 64k");
            burst = scaled(size, "", MAX_BURST_BYTES) * (countsFrames ? 1 : 8);
            if (burst < 1) {
                throw wrong("is no burst: " + (countsFrames ? "a number of frames" : "bytes, as 64k or 1m"));
            }
        }
        return new Action.Limit(new RateLimit(perSecond, countsFrames ? burst : Math.max(burst, MIN_BURST_BITS), nowNs),
                countsFrames);
    }

    /// A number with `k`, `m` or `g` (thousands), then `unit`; or -1.
    private static long scaled(String text, String unit, long max) {
        if (!text.endsWith(unit)) {
            return -1;
        }
        String number = text.substring(0, text.length() - unit.length());
        long factor = number.endsWith("k") ? 1_000 : number.endsWith("m") ? 1_000_000
                : number.endsWith("g") ? 1_000_000_000 : 1;
        int value = Addresses.number(factor == 1 ? number : number.substring(0, number.length() - 1), 10,
                Integer.MAX_VALUE);
        return value < 0 || value * factor > max ? -1 : value * factor;
    }

    private Action translate() {
        if (!next("to").equals("to")) {
            throw wrong("should be 'to'");
        }
        String target = next("where to: ADDRESS:PORT, ADDRESS or :PORT");
        int colon = target.lastIndexOf(':');
        boolean isBare = target.indexOf(':') != colon && !target.startsWith("[") || target.endsWith("]");
        String host = colon < 0 || isBare ? target : target.substring(0, colon);
        int port = colon < 0 || isBare ? -1 : Addresses.number(target.substring(colon + 1), 10, MAX_PORT);
        String plain = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        Addresses.Ip address = plain.isEmpty() ? null : Addresses.ip(plain);
        boolean portIsWrong = colon >= 0 && !isBare && port < 1;
        if (portIsWrong || address == null && (!plain.isEmpty() || port < 1)) {
            throw wrong("is no target: ADDRESS:PORT, [IPV6]:PORT, ADDRESS or :PORT");
        }
        return new Action.Translate(address, port);
    }

    private void pattern() {
        String name = next(PATTERNS);
        Object value = switch (name) {
            case "ethertype" -> etherType(next("an ethertype, as arp or 0x88cc"));
            case "from-mac", "to-mac" -> mac(next("a MAC address"));
            case "proto" -> protocol(next("a protocol, as tcp"));
            case "src", "dst" -> network(next("an address or network"));
            case "sport", "dport" -> ports(next("a port, or a range as 80-90"));
            case "fragment" -> true;
            default -> throw wrong("is no pattern: " + PATTERNS);
        };
        if (given.put(name, value) != null) {
            throw new RuleSyntaxException("the rule says " + name + " twice");
        }
    }

    private Match match() {
        boolean hasPorts = given.containsKey("sport") || given.containsKey("dport");
        int protocol = (int) given.getOrDefault("proto", -1);
        if (hasPorts && protocol >= 0 && protocol != Packet.TCP && protocol != Packet.UDP) {
            throw new RuleSyntaxException("only tcp and udp have ports here");
        }
        return new Match((int) given.getOrDefault("ethertype", -1), (long) given.getOrDefault("from-mac", -1L),
                (long) given.getOrDefault("to-mac", -1L), protocol, (Addresses.Network) given.get("src"),
                (Addresses.Network) given.get("dst"), (Match.Ports) given.get("sport"), (Match.Ports) given.get("dport"),
                given.containsKey("fragment"));
    }

    private int etherType(String word) {
        int value = switch (word) {
            case "ip", "ip4" -> Packet.IPV4;
            case "ip6" -> Packet.IPV6;
            case "arp" -> Packet.ARP;
            default -> word.startsWith("0x") ? Addresses.number(word.substring(2), 16, 0xffff) : -1;
        };
        return value >= 0 ? value : fail("is no ethertype: ip, ip6, arp or a number as 0x88cc");
    }

    private long mac(String word) {
        long mac = Addresses.mac(word);
        return mac >= 0 ? mac : fail("is no MAC address, as 02:16:3e:00:00:01");
    }

    private int protocol(String word) {
        int value = switch (word) {
            case "tcp" -> Packet.TCP;
            case "udp" -> Packet.UDP;
            case "icmp" -> Packet.ICMP;
            case "icmp6" -> Packet.ICMP6;
            default -> Addresses.number(word, 10, MAX_PROTOCOL);
        };
        return value >= 0 ? value : fail("is no protocol: tcp, udp, icmp, icmp6 or a number");
    }

    private Addresses.Network network(String word) {
        Addresses.Network network = Addresses.network(word);
        return network != null ? network : fail("is no address or network, as 10.0.0.0/8 or fd00::1");
    }

    private Match.Ports ports(String word) {
        int dash = word.indexOf('-');
        int first = Addresses.number(dash < 0 ? word : word.substring(0, dash), 10, MAX_PORT);
        int last = dash < 0 ? first : Addresses.number(word.substring(dash + 1), 10, MAX_PORT);
        return first >= 0 && last >= first ? new Match.Ports(first, last) : fail("is no port or range of ports, as 80-90");
    }

    private String next(String wanted) {
        if (at >= words.length) {
            throw new RuleSyntaxException("the rule ends after '" + words[words.length - 1] + "'; there should be "
                    + wanted);
        }
        return words[at++];
    }

    /// About the word that was read last.
    private RuleSyntaxException wrong(String what) {
        return new RuleSyntaxException("word " + at + ", '" + words[at - 1] + "', " + what);
    }

    private <T> T fail(String what) {
        throw wrong(what);
    }
}
