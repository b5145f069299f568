package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The Debian with systemd that `./dev debian-image` makes, on a copy of its disk, as its console shows it.
final class Debian implements AutoCloseable {
    private static final String COMMAND_LINE = "root=/dev/xvda ro console=hvc0 quiet";
    static final String ADDRESS = "10.9.0.2";
    static final String HOST = "10.9.0.1";
    private static final String END = "<<<end ";

    private final String name;
    private final Conversation console;

    private Debian(String name, Conversation console) {
        this.name = name;
        this.console = console;
    }

    /// One of the files beside its disk.
    static Path file(String name) {
        return Host.cache().resolve("debian").resolve(name);
    }

    /// A copy of its disk in `folder`; skips the calling test where this machine has none or can run none.
    static Path copyOfDisk(Path folder) throws IOException {
        Host.requireKvm();
        Host.requireFiles("Debian on a disk", file("root.img"), file("vmlinuz"), file("initrd.img"));
        Path disk = folder.resolve("root.img");
        runs("/bin/cp", "--sparse=always", file("root.img").toString(), disk.toString());
        return disk;
    }

    /// Boots its own kernel from `disk`, as /dev/xvda.
    static Debian boot(Path disk, String... options) {
        return bootBy(List.of(), disk, ownKernel(COMMAND_LINE, options));
    }

    /// Likewise, in a network where it is [#ADDRESS] and the host [#HOST].
    static Debian bootIn(Namespace network, Path disk, String... options) {
        List<String> all = ownKernel(COMMAND_LINE + " ip=" + ADDRESS + "::" + HOST + ":255.255.255.0:debian::none", options);
        all.addAll(List.of("--nic", "tap=xlt0,hostip=" + HOST + "/24"));
        return bootBy(network.command(), disk, all);
    }

    private static List<String> ownKernel(String commandLine, String... options) {
        List<String> all = new ArrayList<>(List.of("--kernel", file("vmlinuz").toString(), "--initrd",
                file("initrd.img").toString(), "--cmdline", commandLine));
        all.addAll(List.of(options));
        return all;
    }

    /// Boots with a kernel among the options.
    static Debian bootBy(List<String> prefix, Path disk, List<String> options) {
        String name = "debian-" + ProcessHandle.current().pid();
        List<String> arguments = new ArrayList<>(List.of("run", "--name", name, "--memory", "512M", "--disk",
                "path=" + disk + ",dev=xvda"));
        arguments.addAll(options);
        return new Debian(name, Conversation.startedBy(prefix, arguments.toArray(String[]::new)));
    }

    /// Waits for the login and becomes root, with a shell that neither prompts nor echoes.
    Debian login() throws IOException, InterruptedException {
        console.await("debian login: ");
        console.type("root\n");
        console.await("root@debian");
        console.type("exec sh\n");
        console.await("# ");
        console.type("stty -echo; PS1=; echo rea''dy\n");
        console.await("ready\r\n");
        return this;
    }

    /// What `command` prints; it must succeed.
    String output(String command) throws IOException, InterruptedException {
        type(command + "; echo '" + END + "'$?");
        String output = console.await(END);
        assertThat(console.await("\r\n")).as(output).isEqualTo("0");
        return output.replace("\r", "");
    }

    void type(String line) throws IOException {
        console.type(line + "\n");
    }

    String await(String text) throws IOException, InterruptedException {
        return console.await(text);
    }

    /// What comes within `ms`, and before that.
    String hear(int ms) throws IOException, InterruptedException {
        return console.hear(ms);
    }

    String kill() throws IOException, InterruptedException {
        return console.kill();
    }

    String name() {
        return name;
    }

    /// Waits for the end; the exit status.
    int awaitEnd() throws IOException, InterruptedException {
        return console.awaitEnd();
    }

    @Override
    public void close() {
        console.close();
    }

    /// That systemd has done all it wanted to do, and nothing failed.
    void assertRunning() throws IOException, InterruptedException {
        // Its status says whether it is so; what failed is what one wants to read then.
        assertThat(output("systemctl is-system-running --wait || systemctl --failed --plain --no-legend --no-pager; true"))
                .isEqualTo("running\n");
    }

    /// That the kernel has not written what a sound kernel never writes.
    void assertKernelSound() throws IOException, InterruptedException {
        assertThat(output("dmesg | grep -E 'BUG:|kernel BUG|WARNING: CPU|Oops|lockup|detected stall|blocked for more than"
                + "|Call Trace|EXT4-fs error|I/O error|segfault|general protection|trap .* error' || true")).isEmpty();
    }

    /// That a file system that was closed well needs no repair.
    static void assertClean(Path disk) {
        runs(Host.requireProgram("e2fsck", "e2fsprogs"), "-fn", disk.toString());
    }

    static String runs(String... command) {
        Launched launched = Launched.command(List.of(command), null);
        assertThat(launched.status()).as(launched.transcript()).isZero();
        return launched.stdout();
    }
}
