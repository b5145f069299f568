package xenolith.tool.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import xenolith.tool.host.HostInfo;
import xenolith.tool.host.HostReport;
import xenolith.tool.run.Wiring;

/// `xenolith info`: what the start-up probes find out about this host.
final class InfoCommand {
    static final String NAME = "info";

    private InfoCommand() {
    }

    static CommandSpec spec() {
        CommandSpec spec = Commands.named(NAME, "Shows what this host's /dev/kvm does and what it costs.");
        spec.addOption(Commands.flag(Commands.JSON, "Print JSON."));
        return spec;
    }

    static int execute(ParseResult parsed) {
        HostInfo info = Wiring.hostInfo();
        System.out.print(parsed.hasMatchedOption(Commands.JSON) ? HostReport.json(info) : HostReport.text(info));
        return ExitStatus.OK;
    }
}
