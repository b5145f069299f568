package xenolith.tool.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.tool.console.ChannelConfig;
import xenolith.tool.console.ConsoleTarget;
import xenolith.tool.control.RunningDevices;
import xenolith.tool.disk.DiskConfig;
import xenolith.tool.input.Json;
import xenolith.tool.nic.NicConfig;
import xenolith.tool.run.DomainConfig;
import xenolith.tool.run.Trace;

class MainTest {
    private final PrintStream realOut = System.out;
    private final PrintStream realErr = System.err;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    Path folder;
    private String kernel;

    @BeforeEach
    void captureOutput() throws Exception {
        System.setOut(new PrintStream(out, true, UTF_8));
        System.setErr(new PrintStream(err, true, UTF_8));
        kernel = Files.writeString(folder.resolve("vmlinuz"), "x").toString();
    }

    @AfterEach
    void releaseOutput() {
        System.setOut(realOut);
        System.setErr(realErr);
    }

    private void isRefused(String message, String... arguments) {
        assertThat(Main.run(arguments)).isEqualTo(2);
        assertThat(err.toString(UTF_8)).startsWith("xenolith: ").contains(message).endsWith("\n").hasLineCount(1);
        assertThat(out.size()).isZero();
    }

    private static DomainConfig config(String... arguments) {
        return RunCommand.config(Commands.root().parseArgs(arguments).subcommand());
    }

    @Test
    void anUnknownOptionIsRefused() {
        isRefused("Unknown option: '--frobnicate'", "run", "--kernel", kernel, "--frobnicate");
    }

    @ParameterizedTest
    @CsvSource({"2,nic-attach --json", "2,disk-attach nobody x --json --timeout soon", "2,list --json --frobnicate"})
    void aProgramIsToldOfErrorsAsAnObject(int status, String words) throws Exception {
        assertThat(Main.run(words.split(" "))).isEqualTo(status);
        assertThat(err.toString(UTF_8)).hasLineCount(1);
        assertThat(Json.parse(err.toString(UTF_8))).containsOnlyKeys("error", "status")
                .containsEntry("status", (long) status);
        assertThat(out.size()).isZero();
    }

    @Test
    void anAttachedDeviceIsNamed() throws Exception {
        DeviceCommands.attached(new RunningDevices.Attachment("vif1", null), false);
        assertThat(out).hasToString("vif1\n");
        assertThat(err.size()).isZero();
        out.reset();
        DeviceCommands.attached(new RunningDevices.Attachment("vif2", "no driver"), false);
        assertThat(out).hasToString("vif2\n");
        assertThat(err).hasToString("xenolith: vif2 is attached, but not in use: no driver\n");
        out.reset();
        err.reset();
        DeviceCommands.attached(new RunningDevices.Attachment("vif2", "no driver"), true);
        assertThat(Json.parse(out.toString(UTF_8))).containsOnly(Map.entry("name", "vif2"),
                Map.entry("connected", false), Map.entry("hindrance", "no driver"));
        out.reset();
        DeviceCommands.attached(new RunningDevices.Attachment("vif1", null), true);
        assertThat(Json.parse(out.toString(UTF_8))).containsOnly(Map.entry("name", "vif1"),
                Map.entry("connected", true));
        assertThat(err.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"disk-attach", "network-detach", "channel-list", "nic-change", "block-list"})
    void everyCommandForDevicesHasAnAnswerForPrograms(String command) {
        assertThat(Main.run(command, "--help")).isZero();
        assertThat(out.toString(UTF_8)).contains("--json");
    }

    @Test
    void anUnknownCommandIsRefused() {
        isRefused("Unmatched argument at index 0: 'walk'", "walk");
    }

    @ParameterizedTest
    @ValueSource(strings = {"nic-attach", "nic-detach", "nic-list", "block-attach", "channel-list", "disk-change", "shutdown",
        "console"})
    void aCommandWithoutItsWordsIsRefused(String command) {
        isRefused("--help)", command);
    }

    @Test
    void aRunNeedsAKernel() {
        isRefused("Missing required option: '--kernel=FILE'", "run");
    }

    @Test
    void anOptionWithoutItsValueIsRefused() {
        isRefused("--memory", "run", "--kernel", kernel, "--memory");
    }

    @Test
    void anOptionGivenTwiceIsRefused() {
        isRefused("should be specified only once", "run", "--kernel", kernel, "--memory", "1G", "--memory", "2G");
    }

    @Test
    void aBadValueIsRefused() {
        isRefused("'lots' is not a size of memory", "run", "--kernel", kernel, "--memory", "lots");
    }

    @Test
    void aMissingKernelIsRefused() {
        isRefused("there is no kernel /nowhere", "run", "--kernel", "/nowhere");
    }

    @Test
    void noCommandShowsTheCommands() {
        assertThat(Main.run()).isEqualTo(2);
        assertThat(err.toString(UTF_8)).contains("run ", "info ", "version ");
    }

    @Test
    void helpIsNoError() {
        assertThat(Main.run("run", "--help")).isZero();
        assertThat(out.toString(UTF_8)).contains("--scramble-frames", "Examples:", "Exit status:");
        assertThat(err.size()).isZero();
    }

    @Test
    void theVersionNamesTheJvm() {
        assertThat(Main.run("version")).isZero();
        assertThat(out.toString(UTF_8)).matches("xenolith \\S+ \\(Java " + Runtime.version().feature() + ".*\\)\n");
    }

    @Test
    void aRunHasSensibleDefaults() {
        DomainConfig config = config("run", "--kernel", kernel);
        assertThat(config.name()).isEqualTo("guest");
        assertThat(config.memoryBytes()).isEqualTo(512L << 20);
        assertThat(config.cmdline()).isEqualTo("console=hvc0 noreplace-smp nr_cpus=1");
        assertThat(config.console()).isEqualTo(new ConsoleTarget.Stdio());
        assertThat(config.initrd()).isNull();
        assertThat(config.poller()).isTrue();
        assertThat(config.scrambleFrames()).isFalse();
        assertThat(config.audit()).isFalse();
    }

    @Test
    void everyOptionReachesTheDomain() {
        DomainConfig config = config("run", "--kernel", kernel, "--initrd", kernel, "--cmdline", "quiet", "--exact-cmdline",
                "--name", "web", "--memory", "1G", "--vcpus", "2", "--console", "pty", "--stats", "s.json",
                "--scramble-frames", "--no-poller", "--audit", "--trace", "exits,refusals",
                "--disk", "path=" + kernel + ",dev=xvda,ro", "--disk", kernel + ",raw,xvdb,w",
                "--nic", "bridge=br0,mac=00:16:3E:01:02:03", "--channel", "name=agent,path=a.sock");
        assertThat(config).isEqualTo(new DomainConfig("web", 1L << 30, 2, Path.of(kernel), Path.of(kernel), "quiet",
                new ConsoleTarget.Pty(), Path.of("s.json"), true, false, true,
                Set.of(Trace.EXITS, Trace.REFUSALS), List.of(DiskConfig.parse("path=" + kernel + ",dev=xvda,ro"),
                        DiskConfig.parse("path=" + kernel + ",dev=xvdb")),
                List.of(NicConfig.parse("bridge=br0,mac=00:16:3e:01:02:03")),
                List.of(new ChannelConfig("agent", ChannelConfig.Connection.SOCKET, Path.of("a.sock")))));
    }
}
