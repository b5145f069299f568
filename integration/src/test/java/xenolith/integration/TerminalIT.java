package xenolith.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.posix.PseudoTerminal;

/// A person at a terminal: a pseudo-terminal whose other end the test types at and reads.
@Timeout(180)
class TerminalIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int BUFFER_BYTES = 4096;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment buffer = arena.allocate(BUFFER_BYTES);
    private final StringBuilder screen = new StringBuilder();
    private PseudoTerminal terminal;
    private Process xenolith;
    private String modeBefore;

    @BeforeEach
    void startShell() throws Exception {
        Host.requireGuests(Kernel.CLOUD);
        terminal = PseudoTerminal.open();
        assertThat(new ProcessBuilder("stty", "-F", terminal.name(), "sane").start().waitFor()).isZero();
        modeBefore = mode();
        File end = new File(terminal.name());
        xenolith = new ProcessBuilder(Host.launcher().toString(), "run", "--kernel", Kernel.CLOUD.path().toString(),
                "--initrd", Host.cache().resolve("guests/busybox.cpio.gz").toString())
                .redirectInput(end).redirectOutput(end).redirectError(end).start();
        await("xenolith:/");
    }

    @AfterEach
    void end() throws Exception {
        if (xenolith != null) {
            xenolith.destroyForcibly().waitFor();
            terminal.close();
        }
        arena.close();
    }

    private String mode() throws Exception {
        Process stty = new ProcessBuilder("stty", "-a", "-F", terminal.name()).start();
        return new String(stty.getInputStream().readAllBytes(), UTF_8);
    }

    private void type(String keys) {
        byte[] bytes = keys.getBytes(UTF_8);
        MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
        assertThat(terminal.write(buffer, bytes.length)).isEqualTo(bytes.length);
    }

    private void readScreen() throws InterruptedException {
        long count = terminal.read(buffer, BUFFER_BYTES);
        if (count > 0) {
            screen.append(new String(buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE), UTF_8));
        } else {
            Thread.sleep(20);
        }
    }

    /// Reads until `text` is on the screen, and forgets what came up to it.
    private void await(String text) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (screen.indexOf(text) < 0) {
            assertThat(System.nanoTime()).as("waited for '%s'; the screen shows:%n%s", text, screen).isLessThan(deadline);
            readScreen();
        }
        screen.delete(0, screen.indexOf(text) + text.length());
    }

    private int awaitEnd() throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!xenolith.waitFor(10, TimeUnit.MILLISECONDS)) {
            assertThat(System.nanoTime()).as("no end; the screen shows:%n%s", screen).isLessThan(deadline);
            readScreen();
        }
        return xenolith.exitValue();
    }

    @Test
    void aShellAnswersAndPowerOffEndsTheCommand() throws Exception {
        type("echo $((6 * 7))0\r");
        await("420");
        type("poweroff\r");
        assertThat(awaitEnd()).isZero();
        assertThat(mode()).isEqualTo(modeBefore);
    }

    @Test
    void controlCInterruptsTheGuestsCommandAndNotUs() throws Exception {
        type("sleep 1000; echo woken\r");
        await("woken");
        Thread.sleep(500);
        type("\3");
        await("xenolith:/");
        type("echo after $((1 + 1))\r");
        await("after 2");
        assertThat(xenolith.isAlive()).isTrue();
    }

    @Test
    void controlBracketLeavesAndMendsTheTerminal() throws Exception {
        assertThat(mode()).isNotEqualTo(modeBefore);
        type("\35");
        assertThat(awaitEnd()).isEqualTo(130);
        assertThat(mode()).isEqualTo(modeBefore);
    }

    @Test
    void beingTerminatedMendsTheTerminal() throws Exception {
        xenolith.destroy();
        assertThat(awaitEnd()).isEqualTo(143);
        assertThat(mode()).isEqualTo(modeBefore);
    }

    @Test
    void aLongPasteArrivesWhole() throws Exception {
        // What is typed before the shell has left its own line editing is not echoed: wait until the command runs.
        type("echo ready$((40 + 2)); cat >/tmp/pasted\r");
        await("ready42");
        String line = "0123456789".repeat(7) + "\r";
        for (int i = 0; i < 100; i++) {
            type(line);
            await("0123456789".repeat(7));
        }
        type("\4");
        await("xenolith:/");
        type("echo lines $(wc -l </tmp/pasted) bytes $(wc -c </tmp/pasted)\r");
        await("lines 100 bytes 7100");
    }
}
