package xenolith.tool.device;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import xenolith.tool.input.HostUnfitException;

/// How this program was started, up to its first word: the JVM, its options, and the module.
public final class OwnCommand {
    /// The word of the command that serves devices to the domains of other processes.
    public static final String BACKEND = "backend";
    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
    private static final String MODULE = "-m";

    private OwnCommand() {
    }

    /// This program with other words.
    public static List<String> of(String... words) {
        try {
            String line = Files.readString(COMMAND_LINE, StandardCharsets.UTF_8);
            return with(List.of(line.split("\0")), words);
        } catch (IOException e) {
            throw new HostUnfitException("cannot find out how this program was started: " + e.getMessage(), e);
        }
    }

    static List<String> with(List<String> commandLine, String... words) {
        int module = commandLine.indexOf(MODULE);
        if (module < 0 || module + 1 >= commandLine.size()) {
            throw new HostUnfitException("processes for devices can be started by ./xenolith only");
        }
        List<String> command = new ArrayList<>(commandLine.subList(0, module + 2));
        command.addAll(Arrays.asList(words));
        return command;
    }
}
