package xenolith.tool.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// The commands as picocli sees them.
final class Commands {
    private Commands() {
    }

    static CommandLine root() {
        CommandSpec root = named("xenolith", "Runs Xen PV guests over /dev/kvm.");
        root.addSubcommand(RunCommand.NAME, RunCommand.spec());
        root.addSubcommand(InfoCommand.NAME, InfoCommand.spec());
        root.addSubcommand(VersionCommand.NAME, VersionCommand.spec());
        return new CommandLine(root);
    }

    /// A command with its `--help`.
    static CommandSpec named(String name, String... description) {
        CommandSpec spec = CommandSpec.create().name(name);
        spec.usageMessage().description(description);
        spec.addOption(OptionSpec.builder("-h", "--help").usageHelp(true).description("Show this help.").build());
        return spec;
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
}
