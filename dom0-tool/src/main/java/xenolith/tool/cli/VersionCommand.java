package xenolith.tool.cli;

import picocli.CommandLine.Model.CommandSpec;

/// `xenolith version`.
final class VersionCommand {
    static final String NAME = "version";

    private VersionCommand() {
    }

    static CommandSpec spec() {
        return Commands.named(NAME, "Prints the version of Xenolith and of the JVM that runs it.");
    }

    static int execute() {
        String version = Main.class.getModule().getDescriptor().rawVersion().orElse("unknown");
        System.out.println("xenolith " + version + " (Java " + Runtime.version() + ")");
        return ExitStatus.OK;
    }
}
