package xenolith.tool.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import xenolith.tool.control.RunningDevices;
import xenolith.tool.control.RunningDomains;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.Json;

/// The commands by which devices come to a running domain and go: `disk-attach`, `disk-detach`, `disk-list` and
/// `disk-change`, each also by the name that it has in xl, and the same for every other [Kind] so far as it has them.
final class DeviceCommands {
    private static final String ATTACH = "-attach";
    private static final String DETACH = "-detach";
    private static final String LIST = "-list";
    private static final String CHANGE = "-change";
    private static final String FORCE = "--force";
    private static final String TIMEOUT = "--timeout";
    private static final String JSON = "--json";
    private static final String DEFAULT_TIMEOUT_S = "10";

    /// A kind of devices as the command line speaks of it.
    ///
    /// @param name      in our commands, and in the control protocol
    /// @param xlName    in xl's commands, or null
    /// @param what      in sentences, with its article
    /// @param label     what stands for its description
    /// @param example   of a description
    /// @param device    an example of a name
    /// @param changes   what can be changed: words, each with what it does
    private record Kind(String name, String xlName, String what, String label, String example, String device,
            Map<String, String> changes) {
    }

    private static final List<Kind> KINDS = List.of(
            new Kind("disk", "block", "a disk", "DISK", "path=data.img,dev=xvdb,ro", "xvdb",
                    Map.of("size", "take the size that the image has now", "size=SIZE", "make the image so large, as 20G",
                            "table=FILE", "go by another table of extents", "path=FILE",
                            "use another image in the place of this one: unmount it first;\n"
                                    + "                 other words of --disk may follow, as format=qcow2:\n"
                                    + "                 only its name, ro and limits carry over",
                            "iops=N", "do so many requests in a second; none: as many as it can",
                            "bps=N", "read and write so many bytes in a second, as 20M; none: likewise")),
            new Kind("nic", "network", "a network interface", "NIC", "bridge=br0,mac=00:16:3e:01:02:03", "vif1",
                    Map.of("rate=RATE", "let the guest send so much, as 10Mb/s; none: as much as it can")),
            new Kind("channel", null, "a channel", "CHANNEL", "name=org.example.agent,path=agent.sock",
                    "org.example.agent", Map.of()));

    private DeviceCommands() {
    }

    static List<CommandSpec> all() {
        List<CommandSpec> specs = new ArrayList<>();
        for (Kind kind : KINDS) {
            specs.add(attach(kind));
            specs.add(detach(kind));
            specs.add(list(kind));
            if (!kind.changes.isEmpty()) {
                specs.add(change(kind));
            }
        }
        return specs;
    }

    private static CommandSpec attach(Kind kind) {
        CommandSpec spec = named(kind, ATTACH, "Gives a running domain " + kind.what + ".", "NAME " + kind.label, "2");
        spec.addOption(timeout("Wait so long for the guest to use it (default: " + DEFAULT_TIMEOUT_S
                + "); it stays attached in any case."));
        spec.usageMessage().footer("", kind.label + " is what xenolith run --" + kind.name + " takes. Example:",
                "  xenolith " + kind.name + ATTACH + " web " + kind.example);
        return spec;
    }

    private static CommandSpec detach(Kind kind) {
        CommandSpec spec = named(kind, DETACH, "Takes " + kind.what + " away from a running domain.", "NAME DEVICE", "2");
        spec.addOption(Commands.flag(FORCE, "Do not wait for the guest: what it had not finished fails."));
        spec.addOption(timeout("Wait so long for the guest to let go of it (default: " + DEFAULT_TIMEOUT_S + ")."));
        spec.usageMessage().footer("", "Example:", "  xenolith " + kind.name + DETACH + " web " + kind.device);
        return spec;
    }

    private static CommandSpec list(Kind kind) {
        CommandSpec spec = named(kind, LIST, "Lists a running domain's devices of this kind, with what they have done.",
                "NAME", "1");
        spec.addOption(Commands.flag(JSON, "Print JSON: an array of objects."));
        return spec;
    }

    private static CommandSpec change(Kind kind) {
        CommandSpec spec = named(kind, CHANGE, "Changes " + kind.what + " while the guest uses it.",
                "NAME DEVICE WHAT[=VALUE]", "3..*");
        List<String> footer = new ArrayList<>(List.of("", "What can be changed:"));
        kind.changes.forEach((word, does) -> footer.add("  %-14s %s".formatted(word, does)));
        spec.usageMessage().footer(footer.toArray(String[]::new));
        return spec;
    }

    private static CommandSpec named(Kind kind, String verb, String description, String label, String arity) {
        CommandSpec spec = Commands.named(kind.name + verb, description);
        if (kind.xlName != null) {
            spec.aliases(kind.xlName + verb);
        }
        spec.addPositional(Commands.words(label, arity));
        return spec;
    }

    private static picocli.CommandLine.Model.OptionSpec timeout(String description) {
        return Commands.value(TIMEOUT, "SECONDS", description);
    }

    static boolean isOne(ParseResult parsed) {
        return kind(parsed) != null;
    }

    private static Kind kind(ParseResult parsed) {
        String name = parsed.commandSpec().name();
        return KINDS.stream().filter(kind -> name.startsWith(kind.name + '-')).findFirst().orElse(null);
    }

    static int execute(ParseResult parsed) {
        List<String> words = parsed.matchedPositionalValue(0, List.<String>of());
        Kind kind = kind(parsed);
        String verb = parsed.commandSpec().name().substring(kind.name.length());
        // What can be found wrong without the domain is found first.
        Map<String, String> wanted = verb.equals(CHANGE) ? wanted(words.subList(2, words.size())) : Map.of();
        Duration patience = patience(parsed);
        RunningDevices devices = RunningDomains.named(words.getFirst()).devices(kind.name);
        switch (verb) {
            case ATTACH -> attach(devices, words.get(1), patience);
            case DETACH -> devices.detach(words.get(1), parsed.hasMatchedOption(FORCE), patience);
            case LIST -> list(devices, parsed.hasMatchedOption(JSON));
            case CHANGE -> devices.change(words.get(1), wanted);
            default -> throw new IllegalStateException("no such command: " + parsed.commandSpec().name());
        }
        return ExitStatus.OK;
    }

    private static Duration patience(ParseResult parsed) {
        return Duration.ofSeconds(Commands.number(parsed.matchedOptionValue(TIMEOUT, DEFAULT_TIMEOUT_S), "seconds"));
    }

    private static void attach(RunningDevices devices, String text, Duration patience) {
        RunningDevices.Attachment attachment = devices.attach(text, patience);
        if (attachment.hindrance() != null) {
            System.err.println("xenolith: " + attachment.name() + " is attached, but not in use: "
                    + attachment.hindrance());
        }
    }

    private static Map<String, String> wanted(List<String> words) {
        Map<String, String> wanted = new LinkedHashMap<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            String key = equals < 0 ? word : word.substring(0, equals);
            if (wanted.put(key, equals < 0 ? "" : word.substring(equals + 1)) != null) {
                throw new BadInputException("'" + key + "' is to be changed twice");
            }
        }
        return wanted;
    }

    private static void list(RunningDevices devices, boolean json) {
        List<Map<String, Object>> list = devices.list();
        if (json) {
            System.out.print(Json.text(list));
            return;
        }
        for (Map<String, Object> device : list) {
            StringBuilder line = new StringBuilder(String.valueOf(device.remove("name")));
            device.forEach((name, value) -> line.append("  ").append(name).append('=').append(shown(value)));
            System.out.println(line);
        }
    }

    private static String shown(Object value) {
        return value instanceof Map<?, ?> map ? map.toString().replace(" ", "") : String.valueOf(value);
    }
}
