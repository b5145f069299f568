package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A network of its own on this machine, which goes with the test: nothing in it meets the machine's interfaces.
final class Namespace implements AutoCloseable {
    private final String ip;
    private final String name;
    private final List<Process> processes = new ArrayList<>();

    private Namespace(String ip, String name) {
        this.ip = ip;
        this.name = name;
    }

    /// Skips the calling test, with the reason, where none can be made.
    static Namespace create() {
        String ip = Host.requireProgram("ip", "iproute2");
        Host.requireFiles("TAPs (the kernel's module tun)", Path.of("/dev/net/tun"));
        Namespace namespace = new Namespace(ip, "xl-test-" + ProcessHandle.current().pid());
        Launched made = Launched.command(List.of(ip, "netns", "add", namespace.name), null);
        if (made.status() != 0) {
            abort("no network namespace can be made here (it takes root): " + made.stderr().strip());
        }
        namespace.does("ip", "link", "set", "lo", "up");
        return namespace;
    }

    /// What is to stand before a command so that it runs in here.
    List<String> command() {
        return List.of(ip, "netns", "exec", name);
    }

    /// Runs a command in here, which must succeed.
    String does(String... words) {
        Launched launched = run(words);
        assertThat(launched.status()).as(launched.transcript()).isZero();
        return launched.stdout();
    }

    Launched run(String... words) {
        return Launched.command(inHere(words), null);
    }

    /// Starts a command in here that runs until the end of the test.
    void starts(String... words) {
        try {
            processes.add(new ProcessBuilder(inHere(words)).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start());
        } catch (IOException e) {
            throw new IllegalStateException("cannot start " + List.of(words), e);
        }
    }

    private List<String> inHere(String... words) {
        List<String> all = new ArrayList<>(command());
        all.addAll(List.of(words));
        return all;
    }

    @Override
    public void close() {
        processes.forEach(process -> process.destroyForcibly().onExit().join());
        Launched.command(List.of(ip, "netns", "del", name), null);
    }
}
