package xenolith.tool.device;

import java.nio.file.Path;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.InputFiles;

/// Where the backend of a disk or a network interface runs.
public sealed interface BackendPlace {
    /// In the domain's own process.
    record Here() implements BackendPlace {
    }

    /// In a process of its own, which we start.
    record OwnProcess() implements BackendPlace {
    }

    /// In a process that somebody else has started (`xenolith backend`), which listens on a socket.
    record Listening(Path socket) implements BackendPlace {
    }

    /// Reads `process`, `unix:PATH`, or nothing; domain 0, as xl calls it, is nothing special.
    static BackendPlace parse(String text, Path directory) {
        if (text.isEmpty() || text.equals("0") || text.equals("Domain-0")) {
            return new Here();
        }
        if (text.equals("process")) {
            return new OwnProcess();
        }
        if (text.startsWith("unix:") && text.length() > "unix:".length()) {
            return new Listening(directory.resolve(InputFiles.path(text.substring("unix:".length()))));
        }
        throw new BadInputException("a device's backend is process or unix:PATH, not '" + text + "'");
    }
}
