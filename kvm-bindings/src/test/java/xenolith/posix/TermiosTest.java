package xenolith.posix;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class TermiosTest {
    private static List<String> settings(PseudoTerminal pty) throws Exception {
        Process stty = new ProcessBuilder("stty", "-a", "-F", pty.name()).redirectErrorStream(true).start();
        String text = new String(stty.getInputStream().readAllBytes(), US_ASCII);
        assertThat(stty.waitFor(5, TimeUnit.SECONDS)).isTrue();
        return List.of(text.split("[\\s;]+"));
    }

    private static void stty(PseudoTerminal pty, String... words) throws Exception {
        ProcessBuilder builder = new ProcessBuilder("stty", "-F", pty.name());
        builder.command().addAll(List.of(words));
        assertThat(builder.start().waitFor()).isZero();
    }

    @Test
    void whatIsNoTerminalHasNoMode() {
        try (Fd file = Fd.open("/dev/null", Fd.O_RDONLY)) {
            assertThat(Termios.of(file.raw())).isNull();
        }
    }

    @Test
    void rawModeIsWhatSttyCallsRawWithOutputProcessing() throws Exception {
        try (PseudoTerminal pty = PseudoTerminal.open();
                Fd terminal = Fd.open(pty.name(), Fd.O_RDWR)) {
            stty(pty, "sane");
            Termios mode = Termios.of(terminal.raw());
            List<String> before = settings(pty);
            assertThat(before).contains("icanon", "echo", "isig");
            mode.makeRaw();
            assertThat(settings(pty)).contains("-icanon", "-echo", "-isig", "-iexten", "-icrnl", "-ixon", "opost")
                    .containsSequence("min", "=", "1", "time", "=", "0");
            assertThat(mode.restore()).isTrue();
            assertThat(settings(pty)).isEqualTo(before);
        }
    }

    @Test
    void aMasterWithoutInputSaysSoAtOnce() {
        try (PseudoTerminal pty = PseudoTerminal.open(); Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(16);
            assertThat(pty.read(buffer, 16)).isEqualTo(-Errno.EAGAIN);
        }
    }

    @Test
    void whatIsWrittenAtOneEndIsReadAtTheOther() {
        try (PseudoTerminal pty = PseudoTerminal.open();
                Fd terminal = Fd.open(pty.name(), Fd.O_RDWR);
                Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocateFrom("hi");
            assertThat(pty.write(buffer, 2)).isEqualTo(2);
            buffer.fill((byte) 0);
            assertThat(terminal.read(buffer, 2)).isEqualTo(2);
            assertThat(buffer.get(ValueLayout.JAVA_BYTE, 1)).isEqualTo((byte) 'i');
        }
    }
}
