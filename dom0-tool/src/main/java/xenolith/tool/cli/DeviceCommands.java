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
    private static final String VERBOSE = "--verbose";
    private static final String DEFAULT_TIMEOUT_S = "10";

    /// A kind of devices as the command line speaks of it.
    ///
    /// @param name      in our commands, and in the control protocol
    /// @param xlName    in xl's commands, or null
    /// @param what      in sentences, with its article
    /// @param label     what stands for its description
    /// @param example   of a description
    /// @param device    an example of a name
    /// @param table     how a list of them looks
    /// @param changes   what can be changed: lines of help
    private record Kind(String name, String xlName, String what, String label, String example, String device,
            DeviceTable table, List<String> changes) {
    }

    private static final List<Kind> KINDS = List.of(
            new Kind("disk", "block", "a disk", "DISK", "path=data.img,dev=xvdb,ro", "xvdb",
                    new DeviceTable("Name", "name", "Number", "number", "Mode", "mode", "State", "state", "Guest",
                            "frontend_state", "Format", "format", "Sectors", "sectors", "Path", "path"),
                    List.of("size=SIZE      make the image so large, as 20G",
                            "size           take the size that the image has now",
                            "table=FILE     go by another table of extents",
                            "path=FILE      use another image in the place of this one: unmount it first;",
                            "               other words of --disk may follow, as format=qcow2:",
                            "               only its name, ro and limits carry over",
                            "iops=N         do so many requests in a second; none: as many as it can",
                            "bps=N          read and write so many bytes in a second, as 20M; none: likewise")),
            new Kind("nic", "network", "a network interface", "NIC", "bridge=br0,mac=00:16:3e:01:02:03", "vif1",
                    new DeviceTable("Name", "name", "MAC", "mac", "State", "state", "Guest", "frontend_state",
                            "On", "attachment", "Target", "target", "Host", "host_name", "Rate", "rate"),
                    List.of("rate=RATE      let the guest send so much, as 10Mb/s; none: as much as it can")),
            new Kind("channel", null, "a channel", "CHANNEL", "name=org.example.agent,path=agent.sock",
                    "org.example.agent",
                    new DeviceTable("Name", "name", "Number", "number", "State", "state", "Guest", "frontend_state",
                            "Connection", "connection", "Path", "path"), List.of()));

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
                "  xenolith " + kind.name + ATTACH + " web " + kind.example, "It prints what the device is called.");
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
        CommandSpec spec = Commands.named(kind.name + LIST, "Lists a running domain's devices of this kind.");
        alias(spec, kind, LIST);
        spec.addPositional(Commands.words("NAME", "1"));
        spec.addOption(Commands.flag(Commands.JSON, "Print JSON: an array of objects, with what each has done."));
        spec.addOption(Commands.flag("-v", VERBOSE, "Also what each has done."));
        return spec;
    }

    private static CommandSpec change(Kind kind) {
        CommandSpec spec = named(kind, CHANGE, "Changes " + kind.what + " while the guest uses it.",
                "NAME DEVICE WHAT[=VALUE]", "3..*");
        List<String> footer = new ArrayList<>(List.of("", "What can be changed:"));
        kind.changes.forEach(line -> footer.add("  " + line));
        spec.usageMessage().footer(footer.toArray(String[]::new));
        return spec;
    }

    private static CommandSpec named(Kind kind, String verb, String description, String label, String arity) {
        CommandSpec spec = Commands.named(kind.name + verb, description);
        alias(spec, kind, verb);
        spec.addPositional(Commands.words(label, arity));
        spec.addOption(Commands.flag(Commands.JSON, "Print JSON: an object with the device's name; so is an error."));
        return spec;
    }

    private static void alias(CommandSpec spec, Kind kind, String verb) {
        if (kind.xlName != null) {
            spec.aliases(kind.xlName + verb);
        }
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
        boolean json = parsed.hasMatchedOption(Commands.JSON);
        switch (verb) {
            case ATTACH -> attached(devices.attach(words.get(1), patience), json);
            case DETACH -> done(devices.detach(words.get(1), parsed.hasMatchedOption(FORCE), patience), json);
            case LIST -> System.out.print(json ? Json.text(devices.list())
                    : kind.table.text(devices.list(), parsed.hasMatchedOption(VERBOSE)));
            case CHANGE -> done(devices.change(words.get(1), wanted), json);
            default -> throw new IllegalStateException("no such command: " + parsed.commandSpec().name());
        }
        return ExitStatus.OK;
    }

    private static Duration patience(ParseResult parsed) {
        return Duration.ofSeconds(Commands.number(parsed.matchedOptionValue(TIMEOUT, DEFAULT_TIMEOUT_S), "seconds"));
    }

    /// Says what the device is called, and why the guest does not use it if it does not: it stays, so that is no error.
    static void attached(RunningDevices.Attachment attachment, boolean json) {
        boolean connected = attachment.hindrance() == null;
        if (json) {
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("name", attachment.name());
            object.put("connected", connected);
            if (!connected) {
                object.put("hindrance", attachment.hindrance());
            }
            System.out.print(Json.text(object));
            return;
        }
        System.out.println(attachment.name());
        if (!connected) {
            System.err.println("xenolith: " + attachment.name() + " is attached, but not in use: "
                    + attachment.hindrance());
        }
    }

    private static void done(String name, boolean json) {
        System.out.print(json ? Json.text(Map.of("name", name)) : name + "\n");
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
}
