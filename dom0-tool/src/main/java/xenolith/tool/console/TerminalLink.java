package xenolith.tool.console;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import xenolith.tool.input.ControlException;

/// Joins this process's terminal to a pseudo-terminal that some domain's console is on.
public final class TerminalLink {
    private static final int BUFFER_BYTES = 1024;

    private TerminalLink() {
    }

    /// Carries keys and output between standard input and output and the terminal `name`, until Ctrl-] or until that
    /// terminal hangs up. Where standard input is no terminal, prints the name only.
    public static void join(String name) {
        if (System.console() == null || !System.console().isTerminal()) {
            System.out.println(name);
            return;
        }
        Thread here = Thread.currentThread();
        try (FileOutputStream to = new FileOutputStream(name);
                FileInputStream from = new FileInputStream(name);
                GuestConsole console = StdioConsole.open(here::interrupt)) {
            ConsolePump.start(console, to);
            Thread output = new Thread(() -> carry(from, console), "console-output");
            output.setDaemon(true);
            output.start();
            output.join();
        } catch (InterruptedException _) {
            // Ctrl-]: the daemon threads end with the process.
        } catch (IOException e) {
            throw new ControlException("the console on " + name + " cannot be joined: " + e.getMessage(), e);
        }
    }

    private static void carry(FileInputStream from, GuestConsole console) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            int count = from.read(buffer);
            while (count >= 0) {
                console.write(buffer, 0, count);
                count = from.read(buffer);
            }
        } catch (IOException _) {
            // The domain has ended, and its terminal with it.
        }
    }
}
