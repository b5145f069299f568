package xenolith.tool.cli;

import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import xenolith.tool.console.ChannelConfig;
import xenolith.tool.console.ConsoleTarget;
import xenolith.tool.console.GuestConsole;
import xenolith.tool.directory.RunDirectory;
import xenolith.tool.disk.DiskConfig;
import xenolith.tool.host.KvmDevice;
import xenolith.tool.input.InputFiles;
import xenolith.tool.input.KernelCommandLine;
import xenolith.tool.input.MemorySize;
import xenolith.tool.nic.NicConfig;
import xenolith.tool.run.DomainConfig;
import xenolith.tool.run.DomainEnd;
import xenolith.tool.run.DomainResult;
import xenolith.tool.run.StatsFile;
import xenolith.tool.run.Trace;
import xenolith.tool.run.Wiring;

/// `xenolith run`: one domain, from its kernel to its end.
final class RunCommand {
    static final String NAME = "run";
    private static final String[] FOOTER = {
        "",
        "On a terminal, Ctrl-] leaves and ends the domain; all other keys go to the guest.",
        "",
        "Examples:",
        "  xenolith run --kernel vmlinuz --initrd initrd.gz",
        "  xenolith run --kernel vmlinuz --initrd initrd.gz --memory 2G --cmdline 'console=hvc0 quiet'",
        "  xenolith run --kernel vmlinuz --initrd initrd.gz --disk path=root.img,dev=xvda",
        "  xenolith run --kernel vmlinuz --initrd initrd.gz --nic bridge=br0 --nic tap,hostip=10.0.0.1/24",
        "  xenolith run --kernel vmlinuz --console file:guest.log --stats boot.json",
        "",
        "Exit status: 0 powered off, 10 rebooted, 11 crashed, 12 suspended, 13 destroyed, 14 its watchdog expired,",
        "  130 left with Ctrl-]; 2 bad input, 3 this host cannot run it, 1 an error of ours."
    };

    private RunCommand() {
    }

    static CommandSpec spec() {
        CommandSpec spec = Commands.named(NAME, "Boots a Xen PV kernel and stays until the guest ends.");
        addDomain(spec);
        addDevices(spec);
        addDebugging(spec);
        spec.usageMessage().footer(FOOTER);
        return spec;
    }

    private static void addDomain(CommandSpec spec) {
        spec.addOption(OptionSpec.builder("--kernel").type(String.class).arity("1").required(true).paramLabel("FILE")
                .description("The kernel: a bzImage or an ELF file.").build());
        spec.addOption(Commands.value("--initrd", "FILE", "The initial RAM disk."));
        spec.addOption(Commands.value("--cmdline", "TEXT", "The kernel's command line (default: "
                + KernelCommandLine.DEFAULT + "). noreplace-smp and nr_cpus are added unless it names them."));
        spec.addOption(Commands.flag("--exact-cmdline", "Add nothing to the command line."));
        spec.addOption(Commands.value("--name", "NAME", "The domain's name (default: guest, or guest-2 and so on if that runs)."));
        spec.addOption(Commands.value("--memory", "SIZE", "Its memory, as 128M or 2G (default: 512M)."));
        spec.addOption(Commands.value("--vcpus", "N", "Its virtual CPUs (default: 1)."));
    }

    private static void addDevices(CommandSpec spec) {
        spec.addOption(Commands.values("--disk", "DISK", "A disk: path=FILE,dev=xvda[,ro][,format=raw|qcow2|extents]"
                + "[,cow[=FILE]][,no-discard][,no-backing][,direct][,sector=4096][,iops=N][,bps=20M], or FILE,raw,xvda,w as in xl. With"
                + " backend=process a process of its own serves it, with backend=unix:PATH instead of a path the one that"
                + " listens there (xenolith backend). May be given again."));
        spec.addOption(Commands.values("--nic", "NIC", "A network interface: tap[=NAME], bridge=NAME, switch=NAME or user, with"
                + " [,mac=MAC][,ip=ADDRESS][,rate=10Mb/s][,mtu=N][,hostip=ADDRESS/LENGTH][,rules=FILE][,antispoof=off]"
                + " and, for user, [,forward=tcp:2222:22]. With backend=process a process of its own serves it, with"
                + " backend=unix:PATH, mac= and mtu= alone the one that listens there (xenolith backend). May be given"
                + " again."));
        spec.addOption(Commands.values("--channel", "CHANNEL", "A console beside the first, /dev/hvc1 and so on:"
                + " name=NAME,path=SOCKET[,connection=socket|pty|file]. May be given again."));
        spec.addOption(Commands.value("--console", "WHERE", "stdio (default), pty or file:PATH."));
    }

    private static void addDebugging(CommandSpec spec) {
        spec.addOption(Commands.value("--stats", "FILE", "Write what the domain cost as JSON when it ends."));
        spec.addOption(Commands.flag("--scramble-frames", "Give the domain its machine frames in a permuted order."));
        spec.addOption(Commands.value("--trace", "LIST", "Log events: hypercalls,exits,faults,refusals."));
        spec.addOption(Commands.flag("--no-poller", "Do not serve hypercalls from a polling thread."));
        spec.addOption(Commands.flag("--audit", "Recount every reference to a page when the guest has ended."));
    }

    static int execute(ParseResult parsed) {
        DomainConfig asked = config(parsed);
        KvmDevice.requireUsable();
        try (RunDirectory directory = parsed.hasMatchedOption("--name") ? RunDirectory.claim(asked.name())
                : RunDirectory.claimFree(asked.name())) {
            return execute(asked.named(directory.name()), directory);
        }
    }

    private static int execute(DomainConfig config, RunDirectory directory) {
        DomainResult result = run(config, directory);
        if (config.statsFile() != null) {
            StatsFile.write(config.statsFile(), result.stats());
        }
        result.audit().ifPresent(RunCommand::printAudit);
        return conclude(config, result.end());
    }

    private static void printAudit(List<String> differences) {
        System.err.println("xenolith: audit: " + (differences.isEmpty() ? "clean" : differences.size() + " differences"));
        for (String difference : differences) {
            System.err.println("xenolith: audit difference: " + difference);
        }
    }

    private static DomainResult run(DomainConfig config, RunDirectory directory) {
        try (GuestConsole console = GuestConsole.open(config.console(), RunCommand::leave)) {
            return Wiring.domainRunner().run(config, console, directory);
        }
    }

    /// Every option as a value, or `BadInputException`.
    static DomainConfig config(ParseResult parsed) {
        int vcpuCount = Commands.number(option(parsed, "--vcpus", "1"), "virtual CPUs");
        String cmdline = option(parsed, "--cmdline", KernelCommandLine.DEFAULT);
        String initrd = option(parsed, "--initrd", null);
        String stats = option(parsed, "--stats", null);
        String traces = option(parsed, "--trace", null);
        return new DomainConfig(
                option(parsed, "--name", "guest"),
                MemorySize.parse(option(parsed, "--memory", "512M")),
                vcpuCount,
                InputFiles.readable("kernel", option(parsed, "--kernel", "")),
                initrd == null ? null : InputFiles.readable("initrd", initrd),
                parsed.hasMatchedOption("--exact-cmdline") ? cmdline : KernelCommandLine.complete(cmdline, vcpuCount),
                ConsoleTarget.parse(option(parsed, "--console", "stdio")),
                stats == null ? null : InputFiles.path(stats),
                parsed.hasMatchedOption("--scramble-frames"),
                !parsed.hasMatchedOption("--no-poller"),
                parsed.hasMatchedOption("--audit"),
                traces == null ? Set.of() : Trace.parse(traces),
                DiskConfig.parseAll(parsed.matchedOptionValue("--disk", List.of())),
                parsed.matchedOptionValue("--nic", List.<String>of()).stream().map(NicConfig::parse).toList(),
                ChannelConfig.parseAll(parsed.matchedOptionValue("--channel", List.of())));
    }

    private static String option(ParseResult parsed, String name, String otherwise) {
        return parsed.matchedOptionValue(name, otherwise);
    }

    private static int conclude(DomainConfig config, DomainEnd end) {
        return switch (end) {
            case DomainEnd.PoweredOff _ -> ExitStatus.OK;
            case DomainEnd.Rebooted _ -> ExitStatus.GUEST_REBOOTED;
            case DomainEnd.Suspended _ -> ExitStatus.GUEST_SUSPENDED;
            case DomainEnd.WatchdogExpired _ -> ExitStatus.GUEST_WATCHDOG;
            case DomainEnd.Destroyed _ -> {
                System.err.println("xenolith: the domain " + config.name() + " was destroyed");
                yield ExitStatus.GUEST_DESTROYED;
            }
            case DomainEnd.Crashed(String report) -> {
                System.err.println("xenolith: the domain " + config.name() + " has crashed: " + report.strip());
                yield ExitStatus.GUEST_CRASHED;
            }
        };
    }

    /// Ends the process: the kernel takes the domain with it, and the shutdown hooks mend the terminal.
    private static void leave() {
        System.err.println("\nxenolith: left; the domain is gone");
        System.exit(ExitStatus.LEFT);
    }
}
