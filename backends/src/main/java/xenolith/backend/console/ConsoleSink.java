package xenolith.backend.console;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/// Where a guest's console output goes. Called by one thread only. A slow sink holds back the guest, not the machine.
@FunctionalInterface
public interface ConsoleSink {
    /// Takes all `byteLength` bytes; the array is reused after the call.
    void write(byte[] bytes, int offset, int byteLength) throws IOException;

    /// Called when the guest pauses, so a buffering sink shows what it has.
    default void flush() throws IOException {
    }

    /// Writes to `stream`, which stays open afterwards: standard output, a file, a pty's master end.
    static ConsoleSink to(OutputStream stream) {
        return new ConsoleSink() {
            @Override
            public void write(byte[] bytes, int offset, int byteLength) throws IOException {
                stream.write(bytes, offset, byteLength);
            }

            @Override
            public void flush() throws IOException {
                stream.flush();
            }
        };
    }

    /// Drops everything.
    static ConsoleSink discarding() {
        return (_, _, _) -> {
        };
    }

    /// Writes to each of `sinks` in order, say a terminal and a log. The first that fails hides the output from the rest.
    static ConsoleSink tee(ConsoleSink... sinks) {
        List<ConsoleSink> all = List.of(sinks);
        return new ConsoleSink() {
            @Override
            public void write(byte[] bytes, int offset, int byteLength) throws IOException {
                for (ConsoleSink sink : all) {
                    sink.write(bytes, offset, byteLength);
                }
            }

            @Override
            public void flush() throws IOException {
                for (ConsoleSink sink : all) {
                    sink.flush();
                }
            }
        };
    }
}
