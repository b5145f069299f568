package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The store of a running guest, from outside: by our own command and by Xen's.
@Timeout(400)
class XenstoreIT {
    private static final String DATA = "/local/domain/1/data";

    private LiveGuest guest;

    @BeforeEach
    void boot() throws Exception {
        guest = LiveGuest.start("store", "echo ready; sleep 1000");
        guest.await("ready");
    }

    @AfterEach
    void end() throws Exception {
        if (guest != null) {
            guest.close();
        }
    }

    @Test
    void whatIsWrittenCanBeReadListedAndRemoved() throws Exception {
        guest.store("write", DATA + "/a", "one", DATA + "/b", "two\\x0a");
        assertThat(guest.store("read", DATA + "/a", DATA + "/b")).isEqualTo("one\ntwo\\x0a\n");
        assertThat(guest.store("list", DATA)).isEqualTo("a\nb\n");
        assertThat(guest.store("ls", DATA)).isEqualTo("a = \"one\"\nb = \"two\\x0a\"\n");
        guest.store("chmod", DATA + "/a", "n1", "r0");
        assertThat(guest.store("ls", "-f", "-p", DATA)).startsWith(DATA + "/a = \"one\"   (n1,r0)\n");
        JsonNode tree = new ObjectMapper().readTree(guest.store("ls", "--json", DATA));
        assertThat(tree.get(DATA + "/b").asText()).isEqualTo("two\\x0a");
        guest.store("rm", DATA + "/a");
        assertThat(guest.command("xenstore", "--domain", "NAME", "exists", DATA + "/a").status()).isEqualTo(1);
        assertThat(guest.command("xenstore", "--domain", "NAME", "exists", DATA + "/b").status()).isZero();
    }

    @Test
    void whatTheStoreRefusesIsOneLineAndStatusOne() {
        for (String[] words : new String[][] {{"read", "/none"}, {"rm", "/none"}, {"list", "/none"}, {"read", "/b ad"},
            {"chmod", DATA, "q1"}, {"write", "/" + "x".repeat(4000), "v"}}) {
            String[] command = new String[words.length + 3];
            System.arraycopy(new String[] {"xenstore", "--domain", "NAME"}, 0, command, 0, 3);
            System.arraycopy(words, 0, command, 3, words.length);
            Launched launched = guest.command(command);
            assertThat(launched.status()).as(launched.transcript()).isEqualTo(1);
            assertThat(launched.stderr()).startsWith("xenolith: " + words[1]).hasLineCount(1);
        }
        assertThat(guest.command("xenstore", "--domain", "nobody", "ls").status()).isEqualTo(2);
        assertThat(guest.command("xenstore", "--domain", "NAME", "write", DATA).status()).isEqualTo(2);
    }

    @Test
    void aWatchTellsOfChangesFromElsewhere() throws Exception {
        Process watch = new ProcessBuilder(Host.launcher().toString(), "xenstore", "--domain", guest.name(), "watch",
                "-n", "3", DATA).start();
        assertThat(watch.inputReader().readLine()).isEqualTo(DATA);
        guest.store("write", DATA + "/x", "1");
        assertThat(watch.inputReader().readLine()).isEqualTo(DATA + "/x");
        guest.store("rm", DATA + "/x");
        assertThat(watch.inputReader().readLine()).isEqualTo(DATA + "/x");
        assertThat(watch.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(watch.exitValue()).isZero();
    }

    @Test
    void aWatchWhoseReaderHasGoneEnds() {
        Launched watched = Launched.command(List.of("sh", "-c", Host.launcher() + " xenstore --domain " + guest.name()
                + " watch " + DATA + " | head -n 1"), null);
        assertThat(watched.status()).as(watched.transcript()).isZero();
        assertThat(watched.stdout()).isEqualTo(DATA + "\n");
    }

    @Test
    void aProcessThatIsStoppedIsNotWaitedForWithoutEnd() {
        String pid = Long.toString(guest.process().pid());
        Launched.command(List.of("kill", "-STOP", pid), null);
        try {
            Launched read = guest.command("xenstore", "--domain", "NAME", "read", "/local/domain/1/name");
            assertThat(read.status()).as(read.transcript()).isEqualTo(1);
            assertThat(read.stderr()).contains("the domain's process does not answer").hasLineCount(1);
        } finally {
            Launched.command(List.of("kill", "-CONT", pid), null);
        }
        assertThat(guest.store("read", "/local/domain/1/name")).isEqualTo(guest.name() + "\n");
    }

    @Test
    void aDomainThatIsKilledLeavesItsNameFree() throws Exception {
        guest.process().destroyForcibly().waitFor();
        assertThat(guest.command("list").stdout()).doesNotContain(guest.name());
        assertThat(guest.command("xenstore", "--domain", "NAME", "ls").status()).isEqualTo(2);
        try (LiveGuest again = LiveGuest.startAs(guest.name(), "true")) {
            assertThat(again.awaitEnd()).as(again.errors()).isZero();
        }
    }

    @Test
    void aDomainThatIsTerminatedTidiesUp() throws Exception {
        String pid = guest.process().pid() + "\n";
        Path directory = directory(pid);
        guest.process().destroy();
        assertThat(guest.awaitEnd()).isEqualTo(143);
        assertThat(directory).doesNotExist();
    }

    /// Skipped where `./dev setup` could not fetch xenstore-utils.
    @Test
    void xensOwnToolsWorkOverTheSocket() throws Exception {
        assumeTrue(Files.isExecutable(tool("xenstore-ls")), "no " + tool("xenstore-ls") + ": run ./dev setup");
        String socket = directory(guest.process().pid() + "\n").resolve("xenstore.sock").toString();
        assertThat(xens(socket, "xenstore-write", DATA + "/theirs", "hello")).isEmpty();
        assertThat(xens(socket, "xenstore-read", DATA + "/theirs")).isEqualTo("hello\n");
        assertThat(guest.store("read", DATA + "/theirs")).isEqualTo("hello\n");
        assertThat(xens(socket, "xenstore-ls", "-f", "/local/domain/1")).contains(DATA + "/theirs = \"hello\"\n");
        assertThat(xens(socket, "xenstore-ls", "-f")).isEqualTo(guest.store("ls", "-f"));
        xens(socket, "xenstore-rm", DATA + "/theirs");
        assertThat(xens(socket, "xenstore-list", "/local/domain/1")).contains("data\n").doesNotContain("theirs");
    }

    private static Path tool(String name) {
        return Host.cache().resolve("xenstore-utils/usr/bin").resolve(name);
    }

    private static String xens(String socket, String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of(words));
        command.set(0, tool(words[0]).toString());
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(Map.of("XENSTORED_PATH", socket, "LD_LIBRARY_PATH",
                Host.cache().resolve("xenstore-utils/usr/lib/x86_64-linux-gnu").toString()));
        builder.redirectErrorStream(true);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(List.of(words) + ": " + output).isZero();
        return output;
    }

    /// The guest's run directory, wherever this user's are.
    private Path directory(String pid) throws Exception {
        String chosen = System.getenv("XENOLITH_RUN_DIR");
        String runtime = System.getenv("XDG_RUNTIME_DIR");
        for (String base : new String[] {chosen, "/run/xenolith", runtime + "/xenolith",
            System.getProperty("java.io.tmpdir") + "/xenolith-" + Files.getAttribute(Path.of("/proc/self"), "unix:uid")}) {
            Path directory = Path.of(String.valueOf(base), guest.name());
            if (Files.isReadable(directory.resolve("pid")) && Files.readString(directory.resolve("pid")).equals(pid)) {
                return directory;
            }
        }
        throw new AssertionError("no directory of " + guest.name());
    }
}
