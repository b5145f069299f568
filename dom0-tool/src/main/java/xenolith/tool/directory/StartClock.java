package xenolith.tool.directory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/// When this process began, so that a boot's times count the JVM's own start.
///
/// The kernel keeps a process's start, and its own age, in clock ticks: the origin is good to 20 ms.
public final class StartClock {
    private static final long NS_PER_S = 1_000_000_000L;
    /// `USER_HZ`, which Linux promises to programs on x86.
    private static final long TICKS_PER_S = 100;
    /// `starttime` in `/proc/self/stat`, counted from the first field after the command's name.
    private static final int START_TIME = 19;

    private StartClock() {
    }

    /// The reading that [System#nanoTime] would have given when the process began; that of now if `/proc` does not say.
    public static long originNanoTime() {
        long now = System.nanoTime();
        try {
            String stat = Files.readString(Path.of("/proc/self/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            long startNs = Long.parseLong(fields[START_TIME]) * (NS_PER_S / TICKS_PER_S);
            String uptime = Files.readString(Path.of("/proc/uptime"));
            long ageNs = (long) (Double.parseDouble(uptime.substring(0, uptime.indexOf(' '))) * NS_PER_S) - startNs;
            return now - Math.max(0, ageNs);
        } catch (IOException | RuntimeException _) {
            return now;
        }
    }

    /// When the process began, good to 20 ms; that of now if `/proc` does not say.
    static Instant startInstant() {
        return Instant.now().minusNanos(System.nanoTime() - originNanoTime());
    }
}
