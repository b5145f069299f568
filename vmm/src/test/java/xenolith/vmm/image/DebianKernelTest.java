package xenolith.vmm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Distribution kernels, where some were fetched to `~/.cache/xenolith/kernels`.
class DebianKernelTest {
    private static final Path KERNELS = Path.of(System.getProperty("user.home"), ".cache", "xenolith", "kernels");

    @TempDir
    Path cache;

    @Test
    void itsNotesAndLayoutAreThoseThatXenReports() throws IOException {
        for (Path kernel : kernels()) {
            try (KernelImage image = KernelImage.read(kernel, Optional.of(cache))) {
                XenNotes notes = image.notes();
                assertThat(notes.guestOs()).as("%s", kernel).isEqualTo("linux");
                assertThat(notes.xenVersion()).isEqualTo("xen-3.0");
                assertThat(notes.virtBase()).isEqualTo(0xffffffff80000000L);
                assertThat(notes.initP2m()).hasValue(0x8000000000L);
                assertThat(notes.features().requires(0)).as("writable_page_tables").isTrue();
                assertThat(notes.features().supports(11)).as("dom0").isTrue();
                assertThat(notes.modStartPfn()).isTrue();
                assertThat(notes.suspendCancel()).isTrue();
                assertThat(notes.l1MfnValid()).containsExactly(new XenNotes.L1MfnValid(1, 1));

                KernelLayout layout = image.layout();
                assertThat(layout.virtKstart()).isEqualTo(0xffffffff81000000L);
                assertThat(layout.firstPfn()).isEqualTo(0x1000);
                assertThat(layout.virtKend() % 4096).isZero();
                assertThat(layout.pageCount()).isBetween(0x2000L, 0x8000L);
                assertThat(layout.segments()).hasSizeBetween(3, 5);
            }
        }
    }

    @Test
    void theCacheHoldsWhatUnpackingYields() throws IOException {
        for (Path kernel : kernels()) {
            try (KernelImage unpacked = KernelImage.read(kernel, Optional.of(cache));
                    KernelImage cached = KernelImage.read(kernel, Optional.of(cache))) {
                assertThat(unpacked.fromCache()).isFalse();
                assertThat(cached.fromCache()).isTrue();
                assertThat(cached.bytes().mismatch(unpacked.bytes())).isEqualTo(-1);
            }
        }
    }

    private static List<Path> kernels() throws IOException {
        assumeThat(KERNELS).as("kernels were fetched to %s", KERNELS).isDirectory();
        try (Stream<Path> files = Files.walk(KERNELS)) {
            List<Path> found = files.filter(Files::isRegularFile)
                    .filter(file -> file.getFileName().toString().startsWith("vmlinuz")).toList();
            assumeThat(found).as("kernels in %s", KERNELS).isNotEmpty();
            return found;
        }
    }
}
