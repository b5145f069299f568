package xenolith.tool.console;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import xenolith.posix.Termios;

/// The console on standard input and output. Where standard input is a terminal it is in raw mode while this is open:
/// every key goes to the guest, Ctrl-C too, but for Ctrl-], which leaves.
///
/// The mode is put back by [#close] and, for every way of ending that skips it, by a shutdown hook. Only a JVM killed
/// by SIGKILL leaves the terminal raw (`stty sane` mends it).
final class StdioConsole implements GuestConsole {
    /// Ctrl-].
    static final byte LEAVE_KEY = 0x1d;
    private static final int STDIN = 0;

    private final FileInputStream in = new FileInputStream(FileDescriptor.in);
    private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    private final Termios terminal;
    private final Runnable onLeave;
    private final Thread restorer;
    private boolean restored;
    private boolean left;

    private StdioConsole(Termios terminal, Runnable onLeave) {
        this.terminal = terminal;
        this.onLeave = onLeave;
        this.restorer = new Thread(this::restore, "terminal-restorer");
    }

    static StdioConsole open(Runnable onLeave) {
        StdioConsole console = new StdioConsole(Termios.of(STDIN), onLeave);
        if (console.terminal != null) {
            Runtime.getRuntime().addShutdownHook(console.restorer);
            console.terminal.makeRaw();
        }
        return console;
    }

    @Override
    public int read(byte[] into) throws IOException {
        int count = in.read(into);
        if (terminal == null || left) {
            return count;
        }
        for (int i = 0; i < count; i++) {
            if (into[i] == LEAVE_KEY) {
                left = true;
                onLeave.run();
                return i;
            }
        }
        return count;
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
        out.write(from, offset, length);
    }

    @Override
    public void close() {
        if (terminal == null) {
            return;
        }
        restore();
        try {
            Runtime.getRuntime().removeShutdownHook(restorer);
        } catch (IllegalStateException _) {
            // The JVM is shutting down: the hook finds the mode restored.
        }
    }

    private synchronized void restore() {
        if (!restored) {
            restored = true;
            terminal.restore();
        }
    }
}
