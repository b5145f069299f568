package xenolith.tool.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import xenolith.tool.control.DomainStatus;
import xenolith.tool.control.RunningDomain;
import xenolith.tool.control.RunningDomains;
import xenolith.tool.input.ControlException;
import xenolith.tool.input.Json;

/// `xenolith list`: the domains that this user runs.
final class ListCommand {
    static final String NAME = "list";
    private static final String FORM = "%-24s %5s %8s %5s %6s %10s%n";

    private ListCommand() {
    }

    static CommandSpec spec() {
        CommandSpec spec = Commands.named(NAME, "Lists the running domains of this user.");
        spec.addOption(Commands.flag(Commands.JSON, "Print JSON: an array of objects."));
        spec.usageMessage().footer(
                "",
                "Mem is in MiB, and what the domain has now; State is r (running), b (waiting for events) or s (ended);",
                "Time(s) is what its virtual CPUs have run. Each domain is number 1 on a machine of its own.");
        return spec;
    }

    static int execute(ParseResult parsed) {
        List<DomainStatus> all = new ArrayList<>();
        for (RunningDomain domain : RunningDomains.all()) {
            try {
                all.add(domain.status());
            } catch (ControlException e) {
                // It has ended since, or hangs: the others are to be seen all the same.
                System.err.println("xenolith: " + domain.name() + ": " + e.getMessage());
            }
        }
        if (parsed.hasMatchedOption(Commands.JSON)) {
            List<Map<String, Object>> objects = all.stream().map(DomainStatus::fields).toList();
            System.out.print(Json.text(objects));
        } else {
            System.out.printf(FORM, "Name", "ID", "Mem", "VCPUs", "State", "Time(s)");
            all.forEach(ListCommand::print);
        }
        return ExitStatus.OK;
    }

    private static void print(DomainStatus status) {
        System.out.printf(Locale.ROOT, FORM, status.name(), status.domid(), status.memoryBytes() >> 20,
                status.vcpusUp(), status.state().letter(), "%.1f".formatted(status.cpuTimeNs() / 1e9));
    }
}
