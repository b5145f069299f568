package xenolith.tool.console;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import xenolith.tool.input.BadInputException;

/// The console as a file: output only.
final class FileConsole implements GuestConsole {
    private final FileOutputStream out;

    private FileConsole(FileOutputStream out) {
        this.out = out;
    }

    /// Begins the file anew.
    static FileConsole open(Path path) {
        return open(path, false);
    }

    /// Goes on behind what stands in the file: that may be another's log.
    static FileConsole append(Path path) {
        return open(path, true);
    }

    private static FileConsole open(Path path, boolean append) {
        try {
            return new FileConsole(new FileOutputStream(path.toFile(), append));
        } catch (IOException e) {
            throw new BadInputException("cannot write the console's file: " + e.getMessage(), e);
        }
    }

    @Override
    public int read(byte[] into) {
        return -1;
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
        out.write(from, offset, length);
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException _) {
            // Every write has been handed to the kernel already; nothing is lost here.
        }
    }
}
