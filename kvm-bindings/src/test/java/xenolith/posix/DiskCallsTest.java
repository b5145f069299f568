package xenolith.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskCallsTest {
    private final MemorySegment memory = Arena.ofAuto().allocate(64);
    private final Iovec pieces = new Iovec(3);

    @TempDir
    private Path folder;
    private Path file;

    @BeforeEach
    void aFileOfSixteenLetters() throws IOException {
        file = Files.writeString(folder.resolve("disk"), "abcdefghijklmnop");
    }

    private String text(int from, int length) {
        byte[] bytes = memory.asSlice(from, length).toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, java.nio.charset.StandardCharsets.US_ASCII);
    }

    @Test
    void piecesAreFilledInTheirOrderAndWrittenInTheirOrder() throws IOException {
        try (Fd fd = Fd.open(file.toString(), Fd.O_RDWR)) {
            pieces.add(memory, 32, 3);
            pieces.add(memory, 8, 2);
            assertThat(pieces.byteLength()).isEqualTo(5);
            assertThat(fd.preadv(pieces, 1)).isEqualTo(5);
            assertThat(text(32, 3)).isEqualTo("bcd");
            assertThat(text(8, 2)).isEqualTo("ef");
            assertThat(fd.pwritev(pieces, 10)).isEqualTo(5);
            assertThat(fd.dataSync()).isZero();
            assertThat(Files.readString(file)).isEqualTo("abcdefghijbcdefp");
        }
    }

    @Test
    void whatHasBeenTransferredIsDropped() {
        try (Fd fd = Fd.open(file.toString(), Fd.O_RDONLY)) {
            pieces.add(memory, 0, 3);
            pieces.add(memory, 8, 4);
            pieces.advance(4);
            assertThat(pieces.byteLength()).isEqualTo(3);
            assertThat(fd.preadv(pieces, 14)).as("the file ends").isEqualTo(2);
            assertThat(text(9, 2)).isEqualTo("op");
            assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isZero();
            pieces.advance(3);
            assertThat(pieces.byteLength()).isZero();
            assertThatThrownBy(() -> pieces.advance(1)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void onlyNativeMemoryWithinItsBoundsIsTaken() {
        assertThatIllegalArgumentException().isThrownBy(() -> pieces.add(MemorySegment.ofArray(new byte[4]), 0, 4));
        assertThatThrownBy(() -> pieces.add(memory, 60, 5)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> pieces.add(memory, -1, 5)).isInstanceOf(IndexOutOfBoundsException.class);
        for (int i = 0; i < 3; i++) {
            pieces.add(memory, i, 1);
        }
        assertThatIllegalStateException().isThrownBy(() -> pieces.add(memory, 0, 1));
        pieces.clear();
        assertThat(pieces.byteLength()).isZero();
        assertThatIllegalArgumentException().isThrownBy(() -> new Iovec(Iovec.MAX_PIECES + 1));
    }

    @Test
    void nothingIsReadIntoMemoryThatMayNotBeWritten() {
        try (Fd fd = Fd.open(file.toString(), Fd.O_RDONLY)) {
            pieces.add(memory.asReadOnly(), 0, 4);
            assertThatIllegalArgumentException().isThrownBy(() -> fd.preadv(pieces, 0));
            assertThat(fd.pwritev(pieces, 0)).as("opened for reading").isEqualTo(-Errno.EBADF);
        }
    }

    @Test
    void theFirstDataAreBehindTheHole() throws IOException {
        Path sparse = Files.createFile(folder.resolve("sparse"));
        try (Fd fd = Fd.open(sparse.toString(), Fd.O_RDWR)) {
            assertThat(fd.firstData()).isEqualTo(-Errno.ENXIO);
            pieces.add(memory, 0, 64);
            assertThat(fd.pwritev(pieces, 1 << 20)).isEqualTo(64);
            // Where the host does not know of holes, all is data.
            assertThat(fd.firstData()).isIn(0L, 1L << 20);
        }
        try (Fd fd = Fd.open(file.toString(), Fd.O_RDONLY)) {
            assertThat(fd.firstData()).isZero();
        }
    }

    @Test
    void aFilesAlignmentForDirectInputAndOutputIsWhatTheHostReadsBy() throws IOException {
        // Not in /tmp, which is often memory.
        Path written = Files.write(Files.createTempFile(Path.of("target").toAbsolutePath(), "direct", null), new byte[1 << 16]);
        try (Fd fd = Fd.open(written.toString(), Fd.O_RDONLY | Fd.O_DIRECT)) {
            Optional<DirectAlignment> told = DirectAlignment.of(fd);
            assumeTrue(told.isPresent() && told.get().offsetBytes() > 0, "the host does not tell, or has no direct I/O here");
            long memoryBytes = told.get().memoryBytes();
            long bytes = told.get().offsetBytes();
            MemorySegment place = Arena.ofAuto().allocate(bytes + memoryBytes, 4096).asSlice(memoryBytes, bytes);
            pieces.add(place, 0, bytes);
            assertThat(fd.preadv(pieces, bytes)).isEqualTo(bytes);
        } catch (HostException e) {
            abort("no direct I/O where the build is: " + e.getMessage());
        } finally {
            Files.delete(written);
        }
    }

    @Test
    void aHoleReadsAsZerosAndLeavesTheEndWhereItWas() throws IOException {
        try (Fd fd = Fd.open(file.toString(), Fd.O_RDWR)) {
            assertThat(fd.punchHole(4, 4)).isZero();
            assertThat(fd.end()).isEqualTo(16);
            assertThat(Files.readString(file)).isEqualTo("abcd\0\0\0\0ijklmnop");
            assertThat(fd.punchHole(4, -1)).isEqualTo(-Errno.EINVAL);
        }
    }
}
