package xenolith.tool.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import xenolith.tool.input.BadInputException;

/// The commands as picocli sees them.
final class Commands {
    /// Of every command that has something for programs to read.
    static final String JSON = "--json";

    private Commands() {
    }

    static CommandLine root() {
        CommandSpec root = named("xenolith", "Runs Xen PV guests over /dev/kvm.");
        root.addSubcommand(RunCommand.NAME, RunCommand.spec());
        root.addSubcommand(ListCommand.NAME, ListCommand.spec());
        root.addSubcommand(DomainCommands.SHUTDOWN, DomainCommands.shutdown());
        root.addSubcommand(DomainCommands.DESTROY, DomainCommands.destroy());
        root.addSubcommand(DomainCommands.VCPU_SET, DomainCommands.vcpuSet());
        root.addSubcommand(DomainCommands.MEM_SET, DomainCommands.memSet());
        root.addSubcommand(DomainCommands.SYSRQ, DomainCommands.sysrq());
        root.addSubcommand(DomainCommands.CONSOLE, DomainCommands.console());
        DeviceCommands.all().forEach(spec -> root.addSubcommand(spec.name(), spec));
        root.addSubcommand(FirewallCommand.NAME, FirewallCommand.spec());
        root.addSubcommand(XenstoreCommand.NAME, XenstoreCommand.spec());
        root.addSubcommand(BackendCommand.NAME, BackendCommand.spec());
        root.addSubcommand(InfoCommand.NAME, InfoCommand.spec());
        root.addSubcommand(VersionCommand.NAME, VersionCommand.spec());
        // A value such as @releaseDomain is no name of a file with arguments.
        return new CommandLine(root).setExpandAtFiles(false);
    }

    /// A command with its `--help`.
    static CommandSpec named(String name, String... description) {
        CommandSpec spec = CommandSpec.create().name(name);
        spec.usageMessage().description(description);
        spec.addOption(OptionSpec.builder("-h", "--help").usageHelp(true).description("Show this help.").build());
        return spec;
    }

    static OptionSpec flag(String shortName, String name, String description) {
        return OptionSpec.builder(shortName, name).type(boolean.class).arity("0").description(description).build();
    }

    static OptionSpec flag(String name, String description) {
        return OptionSpec.builder(name).type(boolean.class).arity("0").description(description).build();
    }

    static OptionSpec value(String name, String label, String description) {
        return OptionSpec.builder(name).type(String.class).arity("1").paramLabel(label).description(description).build();
    }

    /// An option that may be given several times.
    static OptionSpec values(String name, String label, String description) {
        return OptionSpec.builder(name).type(List.class).auxiliaryTypes(String.class).arity("1").paramLabel(label)
                .description(description).build();
    }

    /// All words that are no options.
    static PositionalParamSpec words(String label, String arity) {
        return PositionalParamSpec.builder().type(List.class).auxiliaryTypes(String.class).index("0..*").arity(arity)
                .required(!arity.startsWith("0")).paramLabel(label).hideParamSyntax(true).build();
    }

    /// A count of `what`, at least 1.
    static int number(String text, String what) {
        try {
            int number = Integer.parseInt(text);
            if (number >= 1) {
                return number;
            }
        } catch (NumberFormatException _) {
            // Said below.
        }
        throw new BadInputException("'" + text + "' is not a number of " + what);
    }
}
