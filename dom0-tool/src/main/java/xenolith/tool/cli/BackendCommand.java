package xenolith.tool.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import xenolith.tool.control.BackendService;

/// `xenolith backend`: a device in a process of its own.
final class BackendCommand {
    static final String NAME = BackendService.NAME;

    private BackendCommand() {
    }

    static CommandSpec spec() {
        CommandSpec spec = Commands.named(NAME, "Serves a disk to a domain that another process runs.");
        spec.addOption(OptionSpec.builder("--socket").type(String.class).arity("1").required(true).paramLabel("PATH")
                .description("Where to listen. Only this user and root may connect.").build());
        spec.addOption(OptionSpec.builder("--disk").type(String.class).arity("1").required(true).paramLabel("DISK")
                .description("The disk, as for xenolith run: path=FILE,dev=xvda[,ro].").build());
        spec.addOption(Commands.flag("--once", "End when the first domain is gone; without it, wait for the next."));
        spec.usageMessage().footer(
                "",
                "The domain names the socket: xenolith run --disk dev=xvda,backend=unix:PATH. If this process dies, the",
                "guest's requests wait until another listens there, which answers what this one took and did not answer.",
                "",
                "Example:",
                "  xenolith backend --socket /run/user/1000/root.sock --disk path=root.img,dev=xvda");
        return spec;
    }

    static int execute(ParseResult parsed) {
        BackendService.serveDisk(parsed.matchedOptionValue("--socket", ""), parsed.matchedOptionValue("--disk", ""),
                parsed.hasMatchedOption("--once"));
        return ExitStatus.OK;
    }
}
