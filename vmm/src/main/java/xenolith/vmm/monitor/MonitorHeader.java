package xenolith.vmm.monitor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32;

/// Prints `monitor_abi.h` for the assembler. Run by the build between javac and the assembler.
final class MonitorHeader {
    private MonitorHeader() {
    }

    public static void main(String[] arguments) throws IOException {
        Path header = Path.of(arguments[0]);
        Files.createDirectories(header.getParent());
        Files.writeString(header, text());
    }

    static String text() {
        List<String> defines = MonitorAbi.defines();
        return "/* Generated from MonitorAbi.java; change that. */\n"
                + String.join("\n", defines)
                + "\n#define MONITOR_ABI_CHECKSUM " + checksum() + "\n";
    }

    /// Over all defines; the monitor exports it as the symbol `monitor_abi_version`.
    static long checksum() {
        CRC32 crc = new CRC32();
        crc.update(String.join("\n", MonitorAbi.defines()).getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }
}
