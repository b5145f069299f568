package xenolith.tool.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import xenolith.tool.control.BackendService;

/// `xenolith backend`: devices in a process of their own.
final class BackendCommand {
    static final String NAME = BackendService.NAME;
    private static final String SOCKET = "--socket";
    private static final String DISK = "--disk";

    private BackendCommand() {
    }

    static CommandSpec spec() {
        CommandSpec spec = Commands.named(NAME, "Serves disks to domains that other processes run.");
        spec.addOption(required(SOCKET, "PATH", "Where to listen. Only this user and root may connect."));
        spec.addOption(required(DISK, "DISK", "The disk, as for xenolith run: path=FILE,dev=xvda[,ro]. "
                + "Several have each a socket of its own, in the same order; what their domains ask is done in turns."));
        spec.addOption(Commands.flag("--once", "End when the first domain is gone; without it, wait for the next."));
        spec.usageMessage().footer(
                "",
                "A domain names the socket: xenolith run --disk dev=xvda,backend=unix:PATH. If",
                "this process dies, its guests' requests wait until another listens there, which",
                "answers what this one took and did not answer.",
                "",
                "Examples:",
                "  xenolith backend --socket a.sock --disk path=a.img,dev=xvda",
                "  xenolith backend --socket a.sock --disk path=a.img,dev=xvda \\",
                "                   --socket b.sock --disk path=b.img,dev=xvda");
        return spec;
    }

    private static OptionSpec required(String name, String label, String description) {
        return OptionSpec.builder(name).type(List.class).auxiliaryTypes(String.class).arity("1").required(true)
                .paramLabel(label).description(description).build();
    }

    static int execute(ParseResult parsed) {
        BackendService.serveDisks(parsed.matchedOptionValue(SOCKET, List.of()), parsed.matchedOptionValue(DISK, List.of()),
                parsed.hasMatchedOption("--once"));
        return ExitStatus.OK;
    }
}
