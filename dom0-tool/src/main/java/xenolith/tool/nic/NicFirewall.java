package xenolith.tool.nic;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import xenolith.backend.net.firewall.Firewall;
import xenolith.backend.net.firewall.RuleCount;
import xenolith.backend.net.firewall.RuleSyntaxException;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.InputFiles;

/// The firewall of an interface, as it is asked for over `control.sock`.
///
/// | `op` | other fields | answer |
/// |---|---|---|
/// | `list` | `from`, the first rule wanted, from 1 | `rules` (`number`, `rule`, `packets`, `bytes`, `dropped`), up to [#PAGE]; `total`; `dropped_first` (what was dropped before any rule, by reason) |
/// | `add` | `rule` | nothing more, nor for those that follow |
/// | `insert` | `rule`, `number`: before which | |
/// | `delete` | `number` | |
/// | `load` | `file`: all rules at once for those that were | |
/// | `flush`, `zero` | | |
///
/// @param filter what frames go through
public record NicFirewall(Firewall filter) {
    /// So many rules fit into a line of the protocol.
    static final int PAGE = 24;
    private static final long MAX_FILE_BYTES = 1 << 20;

    /// As the interface's words say.
    ///
    /// @throws BadInputException if its rules are wrong, or cannot be read
    public static NicFirewall of(NicConfig config, MacAddress mac, Path directory) {
        NicFirewall firewall = new NicFirewall(config.guarded() ? guarding(config, mac) : Firewall.trusting());
        if (!config.rules().isEmpty()) {
            firewall.load(directory.resolve(InputFiles.path(config.rules())));
        }
        return firewall;
    }

    private static Firewall guarding(NicConfig config, MacAddress mac) {
        try {
            return Firewall.guarding(mac.text(), config.ips());
        } catch (IllegalArgumentException e) {
            throw new BadInputException("an interface cannot be held to the addresses " + config.ips(), e);
        }
    }

    Map<String, Object> answer(Map<String, Object> question, Path directory) {
        try {
            switch (String.valueOf(question.get("op"))) {
                case "list" -> {
                    return list(number(question, "from"));
                }
                case "add" -> filter.add(text(question, "rule"));
                case "insert" -> filter.insert(number(question, "number"), text(question, "rule"));
                case "delete" -> filter.delete(number(question, "number"));
                case "load" -> load(directory.resolve(InputFiles.path(text(question, "file"))));
                case "flush" -> filter.flush();
                case "zero" -> filter.zero();
                default -> throw new BadInputException("a firewall knows no such request");
            }
        } catch (RuleSyntaxException e) {
            throw new BadInputException(e.getMessage(), e);
        }
        return Map.of();
    }

    private Map<String, Object> list(int from) {
        List<RuleCount> rules = filter.rules();
        List<Map<String, Object>> page = new ArrayList<>();
        for (int number = from; number <= rules.size() && number < from + PAGE; number++) {
            RuleCount rule = rules.get(number - 1);
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("number", number);
            fields.put("rule", rule.text());
            fields.put("packets", rule.packets());
            fields.put("bytes", rule.bytes());
            fields.put("dropped", rule.dropped());
            page.add(fields);
        }
        Firewall.Guarded guarded = filter.guarded();
        Map<String, Object> first = new LinkedHashMap<>();
        first.put("malformed", guarded.malformed());
        first.put("foreign_mac", guarded.foreignMac());
        first.put("foreign_ip", guarded.foreignIp());
        first.put("not_for_it", guarded.notForIt());
        return Map.of("rules", page, "total", rules.size(), "dropped_first", first);
    }

    private void load(Path file) {
        try {
            if (Files.isRegularFile(file) && Files.size(file) > MAX_FILE_BYTES) {
                throw new BadInputException("the rules " + file + " are longer than " + MAX_FILE_BYTES + " bytes");
            }
            filter.replace(Files.readAllLines(file));
        } catch (RuleSyntaxException e) {
            throw new BadInputException("the rules " + file + ", " + e.getMessage(), e);
        } catch (MalformedInputException e) {
            throw new BadInputException("the rules " + file + " are not text", e);
        } catch (IOException e) {
            throw new BadInputException("the rules " + file + " cannot be read: " + InputFiles.reason(e), e);
        }
    }

    private static String text(Map<String, Object> question, String field) {
        if (question.get(field) instanceof String text) {
            return text;
        }
        throw new BadInputException("the request has no text '" + field + "'");
    }

    private static int number(Map<String, Object> question, String field) {
        if (question.get(field) instanceof Long number && number >= 1 && number <= Integer.MAX_VALUE) {
            return number.intValue();
        }
        throw new BadInputException("the request has no number '" + field + "'");
    }
}
