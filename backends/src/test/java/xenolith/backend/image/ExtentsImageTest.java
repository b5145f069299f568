package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.backend.image.ExtentTable.Extent;

/// Disks of extents, held against arrays.
class ExtentsImageTest {
    private static final int SECTOR = DiskImage.SECTOR_BYTES;
    private static final int FILE_SECTORS = 400;
    private static final int FILES = 3;

    @TempDir
    private Path folder;
    private final List<Path> paths = new ArrayList<>();
    private final List<byte[]> contents = new ArrayList<>();
    private final Random random = new Random(1);

    @BeforeEach
    void makeFiles() throws IOException {
        for (int i = 0; i < FILES; i++) {
            byte[] bytes = new byte[FILE_SECTORS * SECTOR];
            random.nextBytes(bytes);
            contents.add(bytes);
            paths.add(Files.write(folder.resolve("file" + i), bytes));
        }
    }

    private ExtentTable table(Extent... extents) {
        return new ExtentTable(folder.resolve("table"), List.of(extents));
    }

    /// A table of up to ten extents, with gaps, over pieces of the files that do not overlap.
    private ExtentTable randomTable() {
        List<Extent> extents = new ArrayList<>();
        long at = random.nextInt(3) * 5L;
        int[] used = new int[FILES];
        for (int i = 1 + random.nextInt(10); i > 0; i--) {
            int file = random.nextInt(FILES);
            int count = 1 + random.nextInt(60);
            if (used[file] + count <= FILE_SECTORS) {
                extents.add(new Extent(at, count, random.nextInt(3) > 0, used[file], paths.get(file)));
                used[file] += count + random.nextInt(9);
                at += count + (random.nextInt(3) == 0 ? 7 : 0);
            }
        }
        Collections.shuffle(extents, random);
        return new ExtentTable(folder.resolve("table"), extents);
    }

    /// The array that holds a sector of the disk, by the model: the slowest way to say it.
    private int[] place(ExtentTable table, long sector, boolean write) {
        for (Extent extent : table.extents()) {
            if (sector >= extent.first() && sector < extent.first() + extent.count() && (extent.writable() || !write)) {
                return new int[] {paths.indexOf(extent.file()), (int) (extent.fileSector() + sector - extent.first())};
            }
        }
        return null;
    }

    @Test
    void everyRequestGoesWhereTheTableOfNowSays() throws IOException {
        ExtentTable table = randomTable();
        try (ExtentsImage image = new ExtentsImage(table, false)) {
            for (int i = 0; i < 3000; i++) {
                if (random.nextInt(30) == 0) {
                    table = randomTable();
                    image.replace(table);
                }
                assertThat(image.sectorCount()).isEqualTo(table.sectorCount());
                long sector = random.nextLong(table.sectorCount());
                int count = (int) Math.min(table.sectorCount() - sector, 1 + random.nextInt(random.nextBoolean() ? 4 : 150));
                request(image, table, sector, count, random.nextBoolean());
            }
        }
        for (int i = 0; i < FILES; i++) {
            assertThat(Files.readAllBytes(paths.get(i))).isEqualTo(contents.get(i));
        }
    }

    private void request(ExtentsImage image, ExtentTable table, long sector, int count, boolean write) {
        byte[] bytes = new byte[count * SECTOR];
        boolean allowed = true;
        for (int i = 0; i < count; i++) {
            int[] place = place(table, sector + i, write);
            allowed &= place != null;
            if (place != null) {
                System.arraycopy(contents.get(place[0]), place[1] * SECTOR, bytes, i * SECTOR, SECTOR);
            }
        }
        if (!write) {
            assertThat(Requests.read(image, sector * SECTOR, bytes.length)).isEqualTo(allowed ? bytes : null);
            return;
        }
        random.nextBytes(bytes);
        assertThat(Requests.write(image, bytes, sector * SECTOR) == 0).isEqualTo(allowed);
        for (int i = 0; allowed && i < count; i++) {
            int[] place = place(table, sector + i, true);
            System.arraycopy(bytes, i * SECTOR, contents.get(place[0]), place[1] * SECTOR, SECTOR);
        }
    }

    @Test
    void aReadOnlyDiskWritesNothingWhateverItsTableSays() {
        Extent writable = new Extent(0, 8, true, 0, paths.getFirst());
        try (ExtentsImage image = new ExtentsImage(table(writable), true);
                RawImage reader = RawImage.open(paths.getFirst(), true)) {
            assertThat(reader.sectorCount()).isEqualTo(FILE_SECTORS);
            assertThat(Requests.write(image, new byte[SECTOR], 0)).isNegative();
            assertThat(image.discard(0, SECTOR)).isNegative();
            assertThat(Requests.read(image, 0, SECTOR)).isEqualTo(Arrays.copyOf(contents.getFirst(), SECTOR));
        }
    }

    @Test
    void aFileIsLockedAsTheTableOfNowUsesIt() {
        Path file = paths.getFirst();
        try (ExtentsImage image = new ExtentsImage(table(new Extent(0, 8, false, 0, file)), false)) {
            RawImage.open(file, true).close();
            assertThatThrownBy(() -> RawImage.open(file, false)).isInstanceOf(DiskInUseException.class);
            image.replace(table(new Extent(0, 4, false, 0, file), new Extent(4, 4, true, 4, file)));
            assertThatThrownBy(() -> RawImage.open(file, true)).isInstanceOf(DiskInUseException.class);
            image.replace(table(new Extent(0, 8, false, 0, file)));
            RawImage.open(file, true).close();
            image.replace(table(new Extent(0, 8, true, 0, paths.get(1))));
            RawImage.open(file, false).close();
        }
        RawImage.open(paths.get(1), false).close();
    }

    @Test
    void aTableThatCannotBeUsedChangesNothing() {
        Extent good = new Extent(0, 8, true, 0, paths.getFirst());
        try (ExtentsImage image = new ExtentsImage(table(good), false); RawImage other = RawImage.open(paths.get(1), true)) {
            assertThat(other.isReadOnly()).isTrue();
            assertThatThrownBy(() -> image.replace(table(good, new Extent(8, 8, true, 0, paths.get(1)))))
                    .isInstanceOf(DiskInUseException.class);
            assertThatThrownBy(() -> image.replace(table(new Extent(0, 8, true, FILE_SECTORS - 7, paths.get(2)))))
                    .hasMessageContaining("has 400 sectors, and no 8 from sector 393 on");
            assertThatThrownBy(() -> image.replace(table(new Extent(0, 8, true, 0, folder.resolve("absent")))))
                    .hasMessageContaining("absent cannot be opened");
            assertThat(Requests.write(image, new byte[8 * SECTOR], 0)).isZero();
        }
    }

    @Test
    void tablesChangeWhileRequestsAreUnderWay() throws InterruptedException {
        // The same sectors by way of either file, of which each holds but one value.
        ExtentTable one = table(new Extent(0, 64, true, 0, paths.get(0)), new Extent(64, 64, true, 128, paths.get(0)));
        ExtentTable two = table(new Extent(0, 96, true, 200, paths.get(1)), new Extent(96, 32, true, 0, paths.get(1)));
        try (ExtentsImage image = new ExtentsImage(one, false)) {
            Requests.write(image, filled(1, 128 * SECTOR), 0);
            image.replace(two);
            Requests.write(image, filled(2, 128 * SECTOR), 0);
            AtomicBoolean end = new AtomicBoolean();
            AtomicInteger mixed = new AtomicInteger();
            AtomicInteger done = new AtomicInteger();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    while (!end.get()) {
                        byte[] bytes = Requests.read(image, 32 * SECTOR, 80 * SECTOR);
                        if (bytes == null || !Arrays.equals(bytes, filled(bytes[0], bytes.length))) {
                            mixed.incrementAndGet();
                        }
                        done.incrementAndGet();
                    }
                }));
            }
            for (int i = 0; i < 2000 || done.get() < 500; i++) {
                image.replace(i % 2 == 0 ? one : two);
            }
            end.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(mixed).hasValue(0);
        }
        RawImage.open(paths.get(0), false).close();
        RawImage.open(paths.get(1), false).close();
    }

    private static byte[] filled(int value, int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void aTableIsReadFromText() throws IOException {
        Path sub = Files.createDirectory(folder.resolve("with space"));
        Files.write(sub.resolve("a disk"), new byte[10 * SECTOR]);
        Path text = Files.writeString(folder.resolve("table"), """
                # the second before the first
                8 8 rw 2 with space/a disk

                0 8   r\t0 %s
                """.formatted(paths.getFirst()));
        assertThat(ExtentTable.read(text).extents()).containsExactly(new Extent(0, 8, false, 0, paths.getFirst()),
                new Extent(8, 8, true, 2, sub.resolve("a disk")));
        ExtentsImage.open(text, false).close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing", "0 8 rw 0", "0 8 w 0 file0", "x 8 rw 0 file0", "0 0 rw 0 file0",
        "-1 8 rw 0 file0", "0 8 rw -1 file0", "0 8 rw 0 file0\n7 1 r 0 file1", "9223372036854775807 1 r 0 file0",
        "0 9223372036854775807 r 0 file0", "0 8 r 18014398509481984 file0", "0 8 r 0 a\0b"})
    void aTextThatIsNoTableIsRefusedInOneLine(String text) throws IOException {
        Path path = Files.writeString(folder.resolve("table"), text);
        assertThatThrownBy(() -> ExtentTable.read(path)).isInstanceOf(BadImageException.class)
                .hasMessageContaining("table").message().doesNotContain("\n");
    }
}
