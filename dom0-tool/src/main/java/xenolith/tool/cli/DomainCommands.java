package xenolith.tool.cli;

import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import xenolith.tool.console.TerminalLink;
import xenolith.tool.control.RunningDomain;
import xenolith.tool.control.RunningDomains;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.MemorySize;

/// The commands that ask one running domain for something: `shutdown`, `destroy`, `vcpu-set`, `mem-set`, `sysrq` and
/// `console`.
final class DomainCommands {
    static final String SHUTDOWN = "shutdown";
    static final String DESTROY = "destroy";
    static final String VCPU_SET = "vcpu-set";
    static final String MEM_SET = "mem-set";
    static final String SYSRQ = "sysrq";
    static final String CONSOLE = "console";

    private static final String REBOOT = "--reboot";
    private static final String WAIT = "--wait";
    private static final String TIMEOUT = "--timeout";
    /// As good as for ever.
    private static final long NO_TIMEOUT_S = 1_000_000_000;

    private DomainCommands() {
    }

    static CommandSpec shutdown() {
        CommandSpec spec = named(SHUTDOWN, "Asks a domain's kernel to power off.", "NAME", "1");
        spec.addOption(Commands.flag(REBOOT, "Ask it to reboot: xenolith run then ends with status 10."));
        spec.addOption(Commands.flag(WAIT, "Wait until the domain has ended."));
        spec.addOption(Commands.value(TIMEOUT, "SECONDS", "Wait no longer than this, and end with status 1."));
        spec.usageMessage().footer("", "Examples:", "  xenolith shutdown web",
                "  xenolith shutdown web --wait --timeout 60 || xenolith destroy web");
        return spec;
    }

    static CommandSpec destroy() {
        return named(DESTROY, "Ends a domain at once, without asking it.", "NAME", "1");
    }

    static CommandSpec vcpuSet() {
        CommandSpec spec = named(VCPU_SET, "Asks a domain to use so many of its virtual CPUs.", "NAME N", "2");
        spec.usageMessage().footer("", "It cannot have more than it was started with. Example:",
                "  xenolith vcpu-set web 2");
        return spec;
    }

    static CommandSpec memSet() {
        CommandSpec spec = named(MEM_SET, "Asks a domain's balloon driver to keep so much memory.", "NAME SIZE", "2");
        spec.usageMessage().footer("", "It cannot have more than it was started with. What it gives back the host has at",
                "once. Example:", "  xenolith mem-set web 256M");
        return spec;
    }

    static CommandSpec sysrq() {
        CommandSpec spec = named(SYSRQ, "Sends a SysRq key to a domain's kernel.", "NAME KEY", "2");
        spec.usageMessage().footer("", "Example: show the guest's memory on its console", "  xenolith sysrq web m");
        return spec;
    }

    static CommandSpec console() {
        CommandSpec spec = named(CONSOLE, "Joins this terminal to a domain's console on a pseudo-terminal.", "NAME", "1");
        spec.usageMessage().footer("", "For domains started with xenolith run --console pty. Ctrl-] leaves; the domain goes",
                "on. With standard input not a terminal it only prints the pseudo-terminal's name.");
        return spec;
    }

    private static CommandSpec named(String name, String description, String label, String arity) {
        CommandSpec spec = Commands.named(name, description);
        spec.addPositional(Commands.words(label, arity));
        return spec;
    }

    static int execute(ParseResult parsed) {
        List<String> words = parsed.matchedPositionalValue(0, List.<String>of());
        String name = parsed.commandSpec().name();
        // What can be found wrong without the domain is found first.
        long number = switch (name) {
            case VCPU_SET -> Commands.number(words.get(1), "virtual CPUs");
            case MEM_SET -> MemorySize.parse(words.get(1));
            case SYSRQ -> key(words.get(1));
            default -> Commands.number(parsed.matchedOptionValue(TIMEOUT, Long.toString(NO_TIMEOUT_S)), "seconds");
        };
        RunningDomain domain = RunningDomains.named(words.getFirst());
        switch (name) {
            case SHUTDOWN -> {
                return shutdown(domain, parsed, Duration.ofSeconds(number));
            }
            case DESTROY -> domain.destroy();
            case VCPU_SET -> domain.setVcpus((int) number);
            case MEM_SET -> domain.setMemory(number);
            case SYSRQ -> domain.sysrq((char) number);
            case CONSOLE -> TerminalLink.join(domain.consoleTerminal());
            default -> throw new IllegalStateException("no such command: " + name);
        }
        return ExitStatus.OK;
    }

    private static char key(String word) {
        if (word.length() != 1) {
            throw new BadInputException("'" + word + "' is not one SysRq key");
        }
        return word.charAt(0);
    }

    private static int shutdown(RunningDomain domain, ParseResult parsed, Duration patience) {
        domain.requestShutdown(parsed.hasMatchedOption(REBOOT) ? "reboot" : "poweroff");
        if (!parsed.hasMatchedOption(WAIT) && !parsed.hasMatchedOption(TIMEOUT)) {
            return ExitStatus.OK;
        }
        if (!domain.awaitEnd(patience)) {
            System.err.println("xenolith: " + domain.name() + " has not ended after " + patience.toSeconds() + " seconds");
            return ExitStatus.FAILED;
        }
        return ExitStatus.OK;
    }
}
