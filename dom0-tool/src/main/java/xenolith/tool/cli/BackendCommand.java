package xenolith.tool.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import xenolith.tool.backend.BackendService;
import xenolith.tool.device.OwnCommand;

/// `xenolith backend`: devices in a process of their own.
final class BackendCommand {
    static final String NAME = OwnCommand.BACKEND;
    private static final String SOCKET = "--socket";
    private static final String DISK = "--disk";
    private static final String NIC = "--nic";

    private BackendCommand() {
    }

    static CommandSpec spec() {
        CommandSpec spec = Commands.named(NAME, "Serves disks and network interfaces to domains that other processes run.");
        spec.addOption(Commands.values(SOCKET, "PATH", "Where to listen. Only this user and root may connect. Several devices "
                + "have each a socket of its own, in the same order, the disks' first."));
        spec.addOption(Commands.values(DISK, "DISK", "A disk, as for xenolith run: path=FILE,dev=xvda[,ro]. What several "
                + "domains ask of theirs is done in turns."));
        spec.addOption(Commands.values(NIC, "NIC", "A network interface, likewise, with its address: tap=NAME,mac=MAC."));
        spec.addOption(Commands.flag("--once", "End when the first domain is gone; without it, wait for the next."));
        spec.usageMessage().footer(
                "",
                "A domain names the socket: xenolith run --disk dev=xvda,backend=unix:PATH, or",
                "--nic backend=unix:PATH. If this process dies, its guests' requests wait until",
                "another listens there, which answers what this one took and did not answer.",
                "",
                "Examples:",
                "  xenolith backend --socket a.sock --disk path=a.img,dev=xvda",
                "  xenolith backend --socket a.sock --disk path=a.img,dev=xvda \\",
                "                   --socket b.sock --disk path=b.img,dev=xvda",
                "  xenolith backend --socket n.sock --nic tap=vm0,mac=00:16:3e:01:02:03");
        return spec;
    }

    static int execute(ParseResult parsed) {
        BackendService.serve(parsed.matchedOptionValue(SOCKET, List.of()), parsed.matchedOptionValue(DISK, List.of()),
                parsed.matchedOptionValue(NIC, List.of()), parsed.hasMatchedOption("--once"));
        return ExitStatus.OK;
    }
}
