package xenolith.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// The machine code of [NativeCode].
class NativeCodeTest {
    private static final int CALLS = 10_000;

    @Test
    void leafZeroSpellsTheVendorThatLinuxReports() throws IOException {
        int[] leaf = new int[4];
        NativeCode.cpuid(0, 0, leaf);
        ByteBuffer vendor = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        vendor.putInt(leaf[1]).putInt(leaf[3]).putInt(leaf[2]);
        assertThat(Files.readString(Path.of("/proc/cpuinfo")))
                .contains("vendor_id\t: " + new String(vendor.array(), StandardCharsets.US_ASCII));
    }

    @Test
    void theSubleafReachesTheInstruction() {
        int[] sizes = new int[4];
        int[] avx = new int[4];
        NativeCode.cpuid(0xd, 0, sizes);
        NativeCode.cpuid(0xd, 2, avx);
        assertThat(avx).isNotEqualTo(sizes);
    }

    @Test
    void timeNeverRunsBackwardsOnOneThread() {
        long previous = NativeCode.rdtsc();
        for (int i = 0; i < CALLS; i++) {
            long now = NativeCode.rdtsc();
            assertThat(now).isGreaterThan(previous);
            previous = now;
        }
    }

    @Test
    void thePageOfCodeIsExecutableAndNotWritable() throws IOException {
        long address = NativeCode.address();
        String mapping = Files.readString(Path.of("/proc/self/maps")).lines()
                .filter(line -> holds(line, address)).findFirst().orElseThrow();
        assertThat(mapping.split(" ")[1]).isEqualTo("r-xp");
    }

    private static boolean holds(String line, long address) {
        String[] range = line.substring(0, line.indexOf(' ')).split("-");
        return Long.parseUnsignedLong(range[0], 16) <= address && address < Long.parseUnsignedLong(range[1], 16);
    }
}
