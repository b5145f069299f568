package xenolith.tool.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import xenolith.tool.console.StandardOutput;
import xenolith.tool.control.DomainStore;
import xenolith.tool.control.RunningDomains;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.Json;

/// `xenolith xenstore`: looks into the store of a running domain, and changes it.
final class XenstoreCommand {
    static final String NAME = "xenstore";
    private static final String DOMAIN = "--domain";
    private static final String COUNT = "-n";
    private static final String[] FOOTER = {
        "",
        "Values are printed, and may be written, with \\xHH for octets that are not printable and \\\\ for \\.",
        "A permission is a letter and a domain's number: n none, r read, w write, b both. The first names",
        "the owner and what all others may.",
        "",
        "Examples:",
        "  xenolith xenstore ls -f /local/domain",
        "  xenolith xenstore --domain web read /local/domain/1/name",
        "  xenolith xenstore write /local/domain/1/data/greeting hello",
        "  xenolith xenstore watch -n 5 /local/domain/1/control",
        "  xenolith xenstore chmod /local/domain/1/data n1 r0",
        "",
        "Exit status: 0 done, 1 the store refused or the domain has gone, 2 bad input."
    };

    private XenstoreCommand() {
    }

    static CommandSpec spec() {
        CommandSpec spec = Commands.named(NAME, "Reads, writes and watches the xenstore of a running domain.");
        spec.addOption(OptionSpec.builder(DOMAIN).type(String.class).arity("1").paramLabel("NAME")
                .scopeType(ScopeType.INHERIT)
                .description("The domain; may be left out while only one is running.").build());
        verb(spec, "ls", "Shows a node's children and all below.", "[PATH]", "0..1",
                Commands.flag("-f", "Show whole paths."), Commands.flag("-p", "Show permissions."),
                Commands.flag(Commands.JSON, "Print JSON: an object of paths."));
        verb(spec, "read", "Prints the values of nodes.", "PATH", "1..*",
                Commands.flag("-p", "Print each path before its value."),
                Commands.flag(Commands.JSON, "Print JSON: an object of paths."));
        verb(spec, "write", "Gives nodes values, all at once; makes those that are missing.", "PATH VALUE", "2..*");
        verb(spec, "rm", "Removes nodes with all below them.", "PATH", "1..*");
        verb(spec, "watch", "Prints each path that changes at or below the given ones. Each is printed once at the start.",
                "PATH", "1..*", Commands.value(COUNT, "COUNT", "End after so many lines (default: go on)."));
        verb(spec, "chmod", "Sets a node's permissions.", "PATH PERMISSION", "2..*",
                Commands.flag("-r", "And those of all nodes below."));
        verb(spec, "list", "Prints the names of a node's children.", "[PATH]", "0..1",
                Commands.flag(Commands.JSON, "Print JSON: an array."));
        verb(spec, "exists", "Says by the exit status whether all the nodes exist: 0 or 1.", "PATH", "1..*");
        verb(spec, "control", "Gives a command to the store itself: check, quota, quota DOMID, quota set NAME VALUE.",
                "COMMAND", "1..*");
        spec.usageMessage().footer(FOOTER);
        return spec;
    }

    private static void verb(CommandSpec parent, String name, String description, String label, String arity,
            OptionSpec... options) {
        CommandSpec spec = Commands.named(name, description);
        for (OptionSpec option : options) {
            spec.addOption(option);
        }
        spec.addPositional(Commands.words(label, arity));
        parent.addSubcommand(name, spec);
    }

    static int execute(ParseResult parsed) {
        if (!parsed.hasSubcommand()) {
            parsed.commandSpec().commandLine().usage(System.err);
            return ExitStatus.BAD_INPUT;
        }
        ParseResult verb = parsed.subcommand();
        if (verb.isUsageHelpRequested()) {
            verb.commandSpec().commandLine().usage(System.out);
            return ExitStatus.OK;
        }
        List<String> words = verb.matchedPositionalValue(0, List.<String>of());
        if (verb.commandSpec().name().equals("write") && words.size() % 2 != 0) {
            throw new BadInputException("the last path has no value");
        }
        String domain = verb.matchedOptionValue(DOMAIN, parsed.matchedOptionValue(DOMAIN, null));
        try (DomainStore store = RunningDomains.named(domain).store()) {
            return execute(store, verb, words);
        }
    }

    private static int execute(DomainStore store, ParseResult verb, List<String> words) {
        return switch (verb.commandSpec().name()) {
            case "ls" -> StoreListing.print(store, words.isEmpty() ? "/" : words.getFirst(),
                    verb.hasMatchedOption("-f"), verb.hasMatchedOption("-p"), verb.hasMatchedOption(Commands.JSON));
            case "read" -> read(store, words, verb.hasMatchedOption("-p"), verb.hasMatchedOption(Commands.JSON));
            case "write" -> write(store, words);
            case "rm" -> remove(store, words);
            case "watch" -> watch(store, words, verb.matchedOptionValue(COUNT, null));
            case "chmod" -> chmod(store, words, verb.hasMatchedOption("-r"));
            case "list" -> list(store, words.isEmpty() ? "/" : words.getFirst(), verb.hasMatchedOption(Commands.JSON));
            case "control" -> control(store, words);
            case "exists" -> words.stream().allMatch(store::exists) ? ExitStatus.OK : ExitStatus.FAILED;
            default -> throw new IllegalStateException("no such verb: " + verb.commandSpec().name());
        };
    }

    private static int read(DomainStore store, List<String> paths, boolean named, boolean json) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String path : paths) {
            values.put(path, store.read(path));
        }
        if (json) {
            System.out.print(Json.text(values));
        } else {
            values.forEach((path, value) -> System.out.println(named ? path + " = " + value : value));
        }
        return ExitStatus.OK;
    }

    private static int write(DomainStore store, List<String> words) {
        store.transaction(() -> {
            for (int i = 0; i < words.size(); i += 2) {
                store.write(words.get(i), words.get(i + 1));
            }
        });
        return ExitStatus.OK;
    }

    private static int remove(DomainStore store, List<String> paths) {
        store.transaction(() -> {
            for (String path : paths) {
                // A missing node is none to the store, but a slip of whoever types its name.
                store.read(path);
                store.remove(path);
            }
        });
        return ExitStatus.OK;
    }

    private static int watch(DomainStore store, List<String> paths, String count) {
        long limit = count == null ? Long.MAX_VALUE : Commands.number(count, "lines");
        long[] printed = {0};
        store.watch(paths, (path, _) -> {
            System.out.println(path);
            printed[0]++;
            return !System.out.checkError() && printed[0] < limit;
        }, StandardOutput::isGone);
        return ExitStatus.OK;
    }

    private static int chmod(DomainStore store, List<String> words, boolean below) {
        List<String> permissions = words.subList(1, words.size());
        store.transaction(() -> {
            List<String> left = new ArrayList<>(List.of(words.getFirst()));
            while (!left.isEmpty()) {
                String path = left.removeLast();
                store.setPermissions(path, permissions);
                if (below) {
                    for (String name : store.list(path)) {
                        left.add(StoreListing.child(path, name));
                    }
                }
            }
        });
        return ExitStatus.OK;
    }

    private static int list(DomainStore store, String path, boolean json) {
        List<String> names = store.list(path);
        if (json) {
            System.out.print(Json.text(names));
        } else {
            names.forEach(System.out::println);
        }
        return ExitStatus.OK;
    }

    private static int control(DomainStore store, List<String> words) {
        System.out.println(store.control(words).stripTrailing());
        return ExitStatus.OK;
    }
}
