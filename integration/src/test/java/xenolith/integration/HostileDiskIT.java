package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A frontend that does what none should hurts its own device at worst. What it does stands in
/// `integration/guests/micro/guests/baddisk.c`.
class HostileDiskIT {
    private static final int LAWS = 22;
    private static final int SECTORS = 2048;
    private static final int SECTOR_BYTES = 512;

    @TempDir
    private Path folder;

    /// Each sector begins with its number.
    private Path image(String name) throws IOException {
        ByteBuffer contents = ByteBuffer.allocate(SECTORS * SECTOR_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int sector = 0; sector < SECTORS; sector++) {
            contents.putLong(sector * SECTOR_BYTES, sector);
        }
        return Files.write(folder.resolve(name), contents.array());
    }

    /// A seed that fails can be run again with the words that are printed.
    @ParameterizedTest
    @CsvSource({"1, --console stdio", "2, --no-poller", "3, --scramble-frames"})
    void aBadFrontendHurtsNoOtherDisk(int seed, String options) throws IOException {
        Path bad = image("bad");
        Path good = image("good");
        byte[] before = Files.readAllBytes(good);
        MicroGuest.of("baddisk").words("seed=" + seed).options(options.split(" "))
                .options("--disk", "path=" + bad + ",dev=xvda,rw", "--disk", "path=" + good + ",dev=xvdb,rw").holds(LAWS);
        assertThat(Files.readAllBytes(good)).isEqualTo(before);
        assertThat(Files.readAllBytes(bad)).as("what was refused wrote nothing").isEqualTo(before);
    }
}
