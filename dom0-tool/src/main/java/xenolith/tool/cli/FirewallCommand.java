package xenolith.tool.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import xenolith.tool.control.RunningDomains;
import xenolith.tool.control.RunningFirewall;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.InputFiles;
import xenolith.tool.input.Json;

/// `xenolith firewall`: the rules of a running domain's network interface.
final class FirewallCommand {
    static final String NAME = "firewall";
    private static final String NIC = "--nic";

    private FirewallCommand() {
    }

    static CommandSpec spec() {
        CommandSpec spec = Commands.named(NAME, "Shows and changes which frames of a running domain's interface pass.");
        spec.addPositional(Commands.words("NAME list|add|insert|delete|load|flush|zero [ARGUMENT...]", "2..*"));
        spec.addOption(Commands.value(NIC, "DEVICE", "Which interface, as vif1 (default: the only one)."));
        spec.addOption(Commands.flag(Commands.JSON, "With list: print JSON."));
        spec.usageMessage().footer("",
                "  list            the rules, with what each has done",
                "  add RULE        append a rule",
                "  insert N RULE   put a rule before rule N",
                "  delete N        remove rule N",
                "  load FILE       exchange all rules for those of a file, at once",
                "  flush           remove all rules",
                "  zero            set all counts to 0",
                "",
                "A rule: in|out|both, then allow, drop, limit RATE [burst SIZE] or nat to [ADDRESS][:PORT], then what it is",
                "for: ethertype, from-mac, to-mac, proto, src, dst, sport, dport, fragment. Examples:",
                "  xenolith firewall web add out drop proto tcp dport 25",
                "  xenolith firewall web insert 1 in limit 10mbit burst 64k proto udp",
                "  xenolith firewall web add in nat to :80 proto tcp dport 8080",
                "docs/firewall.md says more.");
        return spec;
    }

    static int execute(ParseResult parsed) {
        List<String> words = parsed.matchedPositionalValue(0, List.<String>of());
        String verb = words.get(1);
        List<String> rest = words.subList(2, words.size());
        RunningFirewall firewall = RunningDomains.named(words.getFirst())
                .firewall(parsed.matchedOptionValue(NIC, ""));
        switch (verb) {
            case "add" -> firewall.add(String.join(" ", rest));
            case "insert" -> firewall.insert(number(rest), String.join(" ", rest.subList(1, rest.size())));
            case "delete" -> firewall.delete(lastNumber(rest));
            case "load" -> firewall.load(file(rest));
            case "list" -> list(only(rest, firewall), parsed.hasMatchedOption(Commands.JSON));
            case "flush" -> only(rest, firewall).flush();
            case "zero" -> only(rest, firewall).zero();
            default -> throw new BadInputException("'" + verb
                    + "' is none of list, add, insert, delete, load, flush and zero");
        }
        return ExitStatus.OK;
    }

    private static Path file(List<String> words) {
        if (words.size() != 1) {
            throw new BadInputException("load needs one file");
        }
        return InputFiles.readable("rules", words.getFirst());
    }

    private static int lastNumber(List<String> words) {
        int number = number(words);
        return only(words.subList(1, words.size()), number);
    }

    private static int number(List<String> words) {
        if (words.isEmpty()) {
            throw new BadInputException("the number of a rule is missing");
        }
        return Commands.number(words.getFirst(), "a rule");
    }

    /// `what`, where there is no further word.
    private static <T> T only(List<String> rest, T what) {
        if (!rest.isEmpty()) {
            throw new BadInputException("'" + rest.getFirst() + "' is one word too many");
        }
        return what;
    }

    private static void list(RunningFirewall firewall, boolean json) {
        Map<String, Object> all = firewall.list();
        if (json) {
            System.out.print(Json.text(all));
            return;
        }
        System.out.printf("%4s %12s %14s %10s  %s%n", "", "packets", "bytes", "dropped", "rule");
        for (Object rule : (List<?>) all.get("rules")) {
            Map<?, ?> fields = (Map<?, ?>) rule;
            System.out.printf("%4s %12s %14s %10s  %s%n", fields.get("number"), fields.get("packets"),
                    fields.get("bytes"), fields.get("dropped"), fields.get("rule"));
        }
        System.out.println("dropped before any rule: " + String.valueOf(all.get("dropped_first")).replaceAll("[{}]", ""));
    }
}
