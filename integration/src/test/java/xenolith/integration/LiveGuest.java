package xenolith.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A guest that runs while the test does things to it from outside, and whose console the test reads. It has a name of
/// its own, so that tests may run side by side with whatever else runs here.
final class LiveGuest implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private final String name;
    private final Process process;
    private final Path initrd;
    private final Path console;
    private final Path errors;

    private LiveGuest(String name, Process process, Path initrd, Path console, Path errors) {
        this.name = name;
        this.process = process;
        this.initrd = initrd;
        this.console = console;
        this.errors = errors;
    }

    /// Starts a guest that runs `script`. Skips the calling test where this machine cannot.
    static LiveGuest start(String name, String script, String... options) throws IOException {
        return startAs(name + "-" + ProcessHandle.current().pid(), script, options);
    }

    /// Likewise, with `files` at the root of the guest's.
    static LiveGuest startWith(String name, String script, List<Path> files, String... options) throws IOException {
        return startAs(name + "-" + ProcessHandle.current().pid(), script, files, options);
    }

    /// As [#startWith], with `before` in front of the command.
    static LiveGuest startWithin(List<String> before, String name, String script, List<Path> files, String... options)
            throws IOException {
        return startAs(before, name + "-" + ProcessHandle.current().pid(), script, files, options);
    }

    /// As [#start], under just this name.
    static LiveGuest startAs(String name, String script, String... options) throws IOException {
        return startAs(name, script, List.of(), options);
    }

    private static LiveGuest startAs(String name, String script, List<Path> files, String... options)
            throws IOException {
        return startAs(List.of(), name, script, files, options);
    }

    private static LiveGuest startAs(List<String> before, String name, String script, List<Path> files,
            String... options) throws IOException {
        Host.requireGuests(Kernel.CLOUD);
        Path initrd = Files.createTempFile("xenolith-guest", ".cpio");
        Path console = Files.createTempFile("xenolith-console", ".log");
        Path errors = Files.createTempFile("xenolith-err", ".log");
        GuestImage.writeWithScript(initrd, Host.testImage(), script, files);
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(Host.launcher().toString(), "run", "--name", name, "--kernel",
                Kernel.CLOUD.path().toString(), "--initrd", initrd.toString()));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command).redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(console.toFile()).redirectError(errors.toFile()).start();
        return new LiveGuest(name, process, initrd, console, errors);
    }

    String name() {
        return name;
    }

    Process process() {
        return process;
    }

    String console() throws IOException {
        return new String(Files.readAllBytes(console), UTF_8).replace("\r", "");
    }

    String errors() throws IOException {
        return Files.readString(errors);
    }

    /// Waits until the console shows `text`.
    void await(String text) throws Exception {
        awaitLast("", text);
    }

    /// Waits until the console shows `text` behind the last `mark`.
    void awaitLast(String mark, String text) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        boolean alive = true;
        String shown = console();
        while (!shown.substring(mark.isEmpty() ? 0 : Math.max(0, shown.lastIndexOf(mark))).contains(text)) {
            assertThat(alive && System.nanoTime() < deadline).as("no '%s' in%n%s%n%s", text, shown, errors()).isTrue();
            Thread.sleep(50);
            alive = process.isAlive();
            shown = console();
        }
    }

    /// Waits for the end and returns the exit status.
    int awaitEnd() throws Exception {
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("no end in%n%s%n%s", console(), errors())
                .isTrue();
        return process.exitValue();
    }

    /// Runs another `xenolith` command, in which `NAME` stands for this guest's name.
    Launched command(String... words) {
        List<String> arguments = new ArrayList<>();
        for (String word : words) {
            arguments.add(word.equals("NAME") ? name : word);
        }
        return Launched.of(arguments, null);
    }

    /// Likewise, for one that must succeed. Returns what it printed.
    String does(String... words) {
        Launched launched = command(words);
        assertThat(launched.status()).as(launched.transcript()).isZero();
        return launched.stdout();
    }

    /// `xenolith xenstore` for this guest; must succeed.
    String store(String... words) {
        List<String> all = new ArrayList<>(List.of("xenstore", "--domain", name));
        all.addAll(List.of(words));
        return does(all.toArray(String[]::new));
    }

    @Override
    public void close() throws IOException {
        // Asked first, so that it tidies up.
        process.destroy();
        process.onExit().completeOnTimeout(process, PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
        process.destroyForcibly().onExit().join();
        for (Path file : List.of(initrd, console, errors)) {
            Files.deleteIfExists(file);
        }
    }
}
