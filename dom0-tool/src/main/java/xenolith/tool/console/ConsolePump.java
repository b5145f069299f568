package xenolith.tool.console;

import java.io.IOException;
import java.io.OutputStream;

/// Carries what is typed at a console to the guest, on a daemon thread: reading a terminal cannot be interrupted, and
/// the end of the domain does not wait for another key.
public final class ConsolePump {
    private static final int BUFFER_BYTES = 1024;

    private ConsolePump() {
    }

    /// Starts to carry bytes from `console` into `toGuest` until either ends.
    public static void start(GuestConsole console, OutputStream toGuest) {
        start("console-input", console, toGuest);
    }

    /// As [#start(GuestConsole, OutputStream)], on a thread called `name`.
    public static void start(String name, GuestConsole console, OutputStream toGuest) {
        Thread thread = new Thread(() -> carry(console, toGuest), name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void carry(GuestConsole console, OutputStream toGuest) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            int count = console.read(buffer);
            while (count >= 0) {
                toGuest.write(buffer, 0, count);
                count = console.read(buffer);
            }
        } catch (IOException _) {
            // The terminal has hung up or the guest's console is closed: there is no more input, and the guest goes on.
        }
    }
}
