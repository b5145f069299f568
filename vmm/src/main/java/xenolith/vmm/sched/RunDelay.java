package xenolith.vmm.sched;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;

/// How long the host has let a thread wait for a processor, from the second word of `/proc/PID/task/TID/schedstat`. A
/// look costs some 10 µs, so it is taken seldom. A host without that file has never let anybody wait.
///
/// Lock: the domain's.
final class RunDelay implements AutoCloseable {
    static final long NOT_OFTENER_THAN_NS = 100_000_000;

    private final GuestClock clock;
    private final byte[] text = new byte[80];
    private RandomAccessFile file;
    private long nextLookNs;
    private long lastNs;
    private long forgivenNs;

    RunDelay(GuestClock clock) {
        this.clock = clock;
    }

    /// Looks at that file from now on.
    void attach(String schedstat) {
        try {
            file = new RandomAccessFile(schedstat, "r");
            lastNs = read();
        } catch (IOException unknown) {
            close();
        }
    }

    /// What has been added since the last look, in nanoseconds; 0 if that was just now.
    long sinceLastLookNs() {
        long now = clock.nowNs();
        if (file == null || now < nextLookNs) {
            return 0;
        }
        nextLookNs = now + NOT_OFTENER_THAN_NS;
        try {
            return news(read());
        } catch (IOException gone) {
            close();
            return 0;
        }
    }

    /// How much of `delayNs` in all is new and not forgiven. The host has counted by now what was forgiven before, if
    /// it counts it at all: a thread that waited for something else, as for the collector, owes nothing for that later.
    long news(long delayNs) {
        long more = delayNs - lastNs - forgivenNs;
        lastNs = Math.max(lastNs, delayNs);
        forgivenNs = 0;
        return Math.max(0, more);
    }

    /// So much of what is counted since the last look does not count.
    void forgive(long ns) {
        forgivenNs += ns;
    }

    private long read() throws IOException {
        file.seek(0);
        int length = file.read(text);
        return length <= 0 ? 0 : delayNs(new String(text, 0, length, StandardCharsets.US_ASCII));
    }

    /// The second of three numbers; 0 if there is none.
    static long delayNs(String schedstat) {
        String[] words = schedstat.strip().split(" ");
        try {
            return words.length < 2 ? 0 : Long.parseLong(words[1]);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    @Override
    public void close() {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                // Nothing was written.
            }
            file = null;
        }
    }
}
