package xenolith.tool.console;

import java.io.IOException;

/// The outer end of a domain's console: a terminal, a pseudo-terminal, a file.
///
/// One thread reads, one writes; they may be two.
public interface GuestConsole extends AutoCloseable {
    /// Waits for input and returns how many bytes of `into` it filled, or −1 when none will come any more. The end of
    /// input is not the end of the domain.
    int read(byte[] into) throws IOException;

    /// Writes `length` bytes of `from`, all of them.
    void write(byte[] from, int offset, int length) throws IOException;

    /// The terminal at which others can join it, as `/dev/pts/3`, or null.
    default String terminal() {
        return null;
    }

    /// Puts back what opening has changed, as a terminal's mode. Never throws; a second call does nothing.
    @Override
    void close();

    /// Opens the console that `target` names. `onLeave` runs, once and on the reading thread, when the person at a
    /// terminal types the key that leaves it.
    static GuestConsole open(ConsoleTarget target, Runnable onLeave) {
        return switch (target) {
            case ConsoleTarget.Stdio _ -> StdioConsole.open(onLeave);
            case ConsoleTarget.Pty _ -> PtyConsole.open("the console");
            case ConsoleTarget.ToFile(var path) -> FileConsole.open(path);
        };
    }
}
