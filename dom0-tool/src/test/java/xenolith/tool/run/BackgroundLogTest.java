package xenolith.tool.run;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BackgroundLogTest {
    private final ByteArrayOutputStream seen = new ByteArrayOutputStream();
    private final CountDownLatch reading = new CountDownLatch(1);

    /// A pipe whose reader does nothing until the test says so.
    private final OutputStream pipe = new OutputStream() {
        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                reading.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            seen.write(bytes, offset, length);
        }
    };

    private static void print(BackgroundLog log, String text) {
        log.guestOutput(text.getBytes(US_ASCII), text.length());
    }

    @Test
    void nothingIsLostOnAReaderThatReads() {
        reading.countDown();
        StringBuilder printed = new StringBuilder();
        try (BackgroundLog log = BackgroundLog.to(pipe, Set.of())) {
            for (int i = 0; i < 50_000; i++) {
                print(log, "line " + i + "\n");
                printed.append("line ").append(i).append('\n');
            }
            log.line("the end");
        }
        assertThat(seen.toString(US_ASCII)).isEqualTo(printed + "xenolith: the end\n");
    }

    @Test
    void aReaderThatReadsNothingHoldsNobodyUpAndIsToldWhatItMissed() {
        String block = "x".repeat(1023) + "\n";
        try (BackgroundLog log = BackgroundLog.to(pipe, Set.of())) {
            for (int i = 0; i < 5_000; i++) {
                print(log, block);
            }
            reading.countDown();
        }
        String text = seen.toString(US_ASCII);
        assertThat(text.length()).isLessThan(1 << 20);
        assertThat(text).startsWith(block).containsPattern("xenolith: \\d+ bytes of the log were lost: nobody read them\n");
        long lost = Long.parseLong(text.replaceAll("(?s).*xenolith: (\\d+) bytes.*", "$1"));
        assertThat(lost + text.chars().filter(c -> c == 'x').count() / 1023 * 1024).isEqualTo(5_000 * 1024L);
    }

    @Test
    void aReaderThatHasGoneIsNoTrouble() {
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                throw new IOException("broken pipe");
            }
        };
        try (BackgroundLog log = BackgroundLog.to(closed, Set.of(xenolith.tool.run.Trace.EXITS))) {
            for (int i = 0; i < 1_000; i++) {
                print(log, "x".repeat(1024));
            }
            assertThat(log.traces(xenolith.vmm.control.DomainLog.Trace.EXITS)).isTrue();
            assertThat(log.traces(xenolith.vmm.control.DomainLog.Trace.FAULTS)).isFalse();
        }
    }
}
