package xenolith.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A run of the launcher that is talked to while it lasts: the test types at standard input, and waits for words on
/// standard output and error.
final class Conversation implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final int PAUSE_MS = 20;

    private final Process process;
    private final StringBuilder heard = new StringBuilder();
    private final List<String> all = new ArrayList<>();

    private Conversation(Process process) {
        this.process = process;
    }

    /// Starts `xenolith` with `arguments`.
    static Conversation with(String... arguments) {
        return startedBy(List.of(), arguments);
    }

    /// Likewise, with `prefix` before the command.
    static Conversation startedBy(List<String> prefix, String... arguments) {
        List<String> command = new ArrayList<>(prefix);
        command.add(Host.launcher().toString());
        command.addAll(List.of(arguments));
        try {
            return new Conversation(new ProcessBuilder(command).redirectErrorStream(true).start());
        } catch (IOException e) {
            throw new IllegalStateException("cannot run " + command, e);
        }
    }

    void type(String keys) throws IOException {
        process.getOutputStream().write(keys.getBytes(UTF_8));
        process.getOutputStream().flush();
    }

    /// Waits for `text`, and forgets what came up to it. Returns what came before it.
    String await(String text) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (heard.indexOf(text) < 0) {
            assertThat(System.nanoTime()).as("waited for '%s'; what came:%n%s", text, all).isLessThan(deadline);
            hear();
        }
        int at = heard.indexOf(text);
        String before = heard.substring(0, at);
        heard.delete(0, at + text.length());
        return before;
    }

    /// Waits for the end; the exit status.
    int awaitEnd() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (process.isAlive()) {
            assertThat(System.nanoTime()).as("no end; what came:%n%s", all).isLessThan(deadline);
            hear();
        }
        return process.waitFor();
    }

    /// What comes within `ms`, and what had come before it and was not waited for.
    String hear(int ms) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        while (System.nanoTime() < deadline && process.isAlive()) {
            hear();
        }
        String words = heard.toString();
        heard.setLength(0);
        return words;
    }

    private void hear() throws IOException, InterruptedException {
        InputStream output = process.getInputStream();
        int count = output.available();
        if (count > 0) {
            String words = new String(output.readNBytes(count), UTF_8);
            heard.append(words);
            all.add(words);
        } else {
            process.waitFor(PAUSE_MS, TimeUnit.MILLISECONDS);
        }
    }

    /// Kills the run, as kill -9 does, and returns all that is left to hear.
    String kill() throws IOException, InterruptedException {
        // The process itself would close what is still to be read.
        process.toHandle().destroyForcibly();
        process.waitFor();
        heard.append(new String(process.getInputStream().readAllBytes(), UTF_8));
        String rest = heard.toString();
        heard.setLength(0);
        return rest;
    }

    /// Ends the run if it goes on.
    @Override
    public void close() {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
