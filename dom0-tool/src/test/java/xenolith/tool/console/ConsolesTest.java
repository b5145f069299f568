package xenolith.tool.console;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import xenolith.tool.input.BadInputException;

@Timeout(20)
class ConsolesTest {
    private static final byte[] HELLO = "hello\n".getBytes(US_ASCII);

    @TempDir
    Path folder;

    @Test
    void aFileTakesTheOutputAndGivesNoInput() throws Exception {
        Path file = folder.resolve("console.log");
        try (GuestConsole console = GuestConsole.open(new ConsoleTarget.ToFile(file), () -> { })) {
            console.write(HELLO, 0, HELLO.length);
            assertThat(console.read(new byte[10])).isEqualTo(-1);
        }
        assertThat(file).hasBinaryContent(HELLO);
    }

    @Test
    void aFileThatCannotBeWrittenIsBadInput() {
        assertThatThrownBy(() -> GuestConsole.open(new ConsoleTarget.ToFile(folder), () -> { }))
                .isInstanceOf(BadInputException.class).hasMessageStartingWith("cannot write the console's file");
    }

    @Test
    void aPtyCarriesBytesUnchangedBothWays() throws Exception {
        try (PtyConsole console = PtyConsole.open("the console");
                FileInputStream screen = new FileInputStream(console.terminal());
                FileOutputStream keyboard = new FileOutputStream(console.terminal())) {
            console.write(HELLO, 0, HELLO.length);
            assertThat(screen.readNBytes(HELLO.length)).isEqualTo(HELLO);
            keyboard.write(new byte[] {'l', 's', '\r', 3});
            byte[] typed = new byte[16];
            assertThat(console.read(typed)).isEqualTo(4);
            assertThat(typed).startsWith('l', 's', '\r', 3);
        }
    }

    @Test
    void aGuestIsNotHeldUpByAPtyThatNobodyReads() {
        byte[] line = new byte[1000];
        try (PtyConsole console = PtyConsole.open("the console")) {
            long begin = System.nanoTime();
            for (int i = 0; i < 1000; i++) {
                console.write(line, 0, line.length);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
        }
    }

    @Test
    void closingAPtyEndsItsReader() throws Exception {
        PtyConsole console = PtyConsole.open("the console");
        CountDownLatch ended = new CountDownLatch(1);
        Thread reader = new Thread(() -> {
            if (console.read(new byte[1]) == -1) {
                ended.countDown();
            }
        });
        reader.start();
        console.close();
        assertThat(ended.await(5, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void thePumpCarriesInputUntilItEnds() throws Exception {
        Path file = Files.write(folder.resolve("in"), HELLO);
        ByteArrayOutputStream guest = new ByteArrayOutputStream();
        CountDownLatch ended = new CountDownLatch(1);
        try (FileInputStream in = new FileInputStream(file.toFile())) {
            ConsolePump.start(new InputOnly(in, ended), guest);
            assertThat(ended.await(5, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(guest.toByteArray()).isEqualTo(HELLO);
    }

    private record InputOnly(FileInputStream in, CountDownLatch ended) implements GuestConsole {
        @Override
        public int read(byte[] into) throws java.io.IOException {
            int count = in.read(into);
            if (count < 0) {
                ended.countDown();
            }
            return count;
        }

        @Override
        public void write(byte[] from, int offset, int length) {
            throw new IllegalStateException("input only");
        }

        @Override
        public void close() {
            ended.countDown();
        }
    }
}
