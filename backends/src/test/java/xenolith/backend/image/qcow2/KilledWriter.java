package xenolith.backend.image.qcow2;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Random;

/// A process that writes to an image until it is killed. It keeps a diary, of which a kill leaves all that was written:
/// the number of each thing before it is done, and of each flush, negated, when it has been acknowledged.
final class KilledWriter {
    static final int SECTORS = 16384;

    private KilledWriter() {
    }

    /// One of the things that a seed stands for, in their order.
    record Step(int kind, int sector, int count) {
        static final int FLUSH = 0;
        static final int DISCARD = 1;

        static Step next(Random random) {
            int sector = random.nextInt(SECTORS);
            return new Step(random.nextInt(12), sector, Math.min(SECTORS - sector, 1 + random.nextInt(200)));
        }
    }

    /// Arguments: image, diary, seed, first stamp.
    public static void main(String[] arguments) throws IOException {
        Random random = new Random(Long.parseLong(arguments[2]));
        Stamps stamps = new Stamps(SECTORS, Long.parseLong(arguments[3]));
        try (Qcow2Image image = Qcow2Image.open(Path.of(arguments[0]), false, true);
                RandomAccessFile diary = new RandomAccessFile(arguments[1], "rw")) {
            Disk disk = new Disk(image);
            for (int i = 1; i > 0; i++) {
                Step step = Step.next(random);
                diary.writeInt(i);
                switch (step.kind) {
                    case Step.FLUSH -> {
                        disk.flush();
                        diary.writeInt(-i);
                    }
                    case Step.DISCARD -> image.discard((long) step.sector * Stamps.SECTOR, (long) step.count * Stamps.SECTOR);
                    default -> disk.write(stamps.write(step.sector, step.count), (long) step.sector * Stamps.SECTOR);
                }
            }
        }
    }
}
