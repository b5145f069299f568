package xenolith.vmm.sched;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;

/// How long the host has let a thread wait for a processor, from the second word of `/proc/PID/task/TID/schedstat`. A
/// look costs some 10 µs, so it is taken seldom. A host without that file has never let anybody wait.
final class RunDelay implements AutoCloseable {
    private static final long NOT_OFTENER_THAN_NS = 100_000_000;

    private final GuestClock clock;
    private final byte[] text = new byte[80];
    private RandomAccessFile file;
    private long nextLookNs;
    private long lastNs;

    RunDelay(GuestClock clock) {
        this.clock = clock;
    }

    /// Looks at thread `tid` of this process from now on.
    void attach(int tid) {
        try {
            file = new RandomAccessFile("/proc/self/task/" + tid + "/schedstat", "r");
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
            long delay = read();
            long more = Math.max(0, delay - lastNs);
            // What was forgiven and has not come yet is forgiven still.
            lastNs = Math.max(lastNs, delay);
            return more;
        } catch (IOException gone) {
            close();
            return 0;
        }
    }

    /// So much of it does not count.
    void forgive(long ns) {
        lastNs += ns;
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
