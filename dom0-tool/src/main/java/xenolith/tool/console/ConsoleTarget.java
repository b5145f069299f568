package xenolith.tool.console;

import java.nio.file.Path;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.InputFiles;

/// Where a domain's console goes.
public sealed interface ConsoleTarget {
    /// Standard input and output, in raw mode where they are a terminal.
    record Stdio() implements ConsoleTarget {
    }

    /// A new pseudo-terminal, whose name is printed on standard error.
    record Pty() implements ConsoleTarget {
    }

    /// Output only, to a file that is made or emptied first.
    record ToFile(Path path) implements ConsoleTarget {
    }

    /// Reads `stdio`, `pty` or `file:PATH`.
    static ConsoleTarget parse(String text) {
        if (text.equals("stdio")) {
            return new Stdio();
        }
        if (text.equals("pty")) {
            return new Pty();
        }
        if (text.startsWith("file:") && text.length() > "file:".length()) {
            return new ToFile(InputFiles.path(text.substring("file:".length())));
        }
        throw new BadInputException("the console cannot be '" + text + "'; choose stdio, pty or file:PATH");
    }
}
