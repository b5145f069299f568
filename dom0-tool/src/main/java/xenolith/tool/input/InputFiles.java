package xenolith.tool.input;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// The first look at a file that the caller named: enough to say in one line why it cannot be used.
public final class InputFiles {
    private InputFiles() {
    }

    public static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new BadInputException("'" + text.replace('\0', '?') + "' is no name of a file", e);
        }
    }

    /// Why a file cannot be used, without Java's names for it.
    public static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "there is no such file";
            case AccessDeniedException _ -> "no permission";
            case FileSystemException named when named.getReason() != null -> named.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }

    /// `what` is the role that the message names: "kernel", "initrd".
    public static Path readable(String what, String text) {
        Path path = path(text);
        if (!Files.exists(path)) {
            throw new BadInputException("there is no " + what + " " + text);
        }
        if (!Files.isRegularFile(path)) {
            throw new BadInputException("the " + what + " " + text + " is not a file");
        }
        if (!Files.isReadable(path)) {
            throw new BadInputException("no permission to read the " + what + " " + text);
        }
        return path;
    }
}
