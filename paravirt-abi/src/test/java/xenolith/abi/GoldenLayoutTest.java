package xenolith.abi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Sizes and offsets as gcc gave them once over Debian's headers, compared on machines that have neither.
///
/// A meant change: look at `target/x86_64.csv`, which the test writes, and commit it as the golden file.
class GoldenLayoutTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/x86_64.csv");
    private static final Path ACTUAL = Path.of("target/x86_64.csv");

    @Test
    void everySizeAndOffsetIsTheGoldenOne() throws IOException {
        List<String> lines = lines();
        Files.createDirectories(ACTUAL.getParent());
        Files.write(ACTUAL, lines);
        assertThat(lines).isEqualTo(Files.readAllLines(GOLDEN));
    }

    @Test
    void theStructsThatXenPinsHaveItsSizes() {
        assertThat(XenSharedInfo.SIZEOF).isEqualTo(3136);
        assertThat(XenStartInfo.SIZEOF).isEqualTo(1168);
        assertThat(GuestContext.SIZEOF).isEqualTo(5168);
        assertThat(XenVcpuInfo.SIZEOF).isEqualTo(64);
        assertThat(XenVcpuInfo.VcpuTimeInfo.SIZEOF).isEqualTo(32);
        assertThat(XenUserRegs.SIZEOF).isEqualTo(200);
        assertThat(XenMulticall.Entry.SIZEOF).isEqualTo(64);
    }

    static List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("name,offset,size");
        for (Structs.Struct struct : Structs.all()) {
            lines.add("%s,0,%d".formatted(struct.tag(), struct.layout().byteSize()));
            for (Structs.Member member : struct.members()) {
                lines.add("%s.%s,%d,%d".formatted(struct.tag(), member.dotted(), member.offset(),
                        member.layout().byteSize()));
            }
        }
        return lines;
    }
}
