package xenolith.backend.image.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import xenolith.backend.image.BadImageException;

/// Makes images that hold nothing yet: header, refcount table, one refcount block and level-1 table, in this order.
final class Qcow2Creator {
    private static final int CLUSTER_BITS = 16;
    private static final int CLUSTER = 1 << CLUSTER_BITS;
    private static final int REFCOUNT_ORDER = 4;
    private static final int REFTABLE_AT = CLUSTER;
    private static final int BLOCK_AT = 2 * CLUSTER;
    private static final int L1_AT = 3 * CLUSTER;

    private Qcow2Creator() {
    }

    /// Makes an image of `byteLength` bytes over a backing file. On failure there is none.
    ///
    /// @param backing what the image is to name as its backing file, with its format
    /// @throws BadImageException if it cannot be made, or the file is there already
    static void create(Path path, long byteLength, String backing, String format) {
        long l1Size = Geometry.tablesFor(byteLength, CLUSTER_BITS);
        byte[] name = backing.getBytes(UTF_8);
        if (l1Size * Long.BYTES > Header.MAX_L1_BYTES || name.length > Header.MAX_BACKING_NAME) {
            throw new BadImageException(path, "cannot be made for a disk of " + byteLength + " bytes over " + backing);
        }
        int l1Clusters = (int) ((l1Size * Long.BYTES + CLUSTER - 1) / CLUSTER);
        ByteBuffer bytes = ByteBuffer.allocate(L1_AT + l1Clusters * CLUSTER);
        writeHeader(bytes, byteLength, (int) l1Size, name, format.getBytes(UTF_8));
        bytes.putLong(REFTABLE_AT, BLOCK_AT);
        for (int cluster = 0; cluster < bytes.capacity() / CLUSTER; cluster++) {
            bytes.putShort(BLOCK_AT + cluster * Short.BYTES, (short) 1);
        }
        write(path, bytes);
    }

    private static void writeHeader(ByteBuffer bytes, long byteLength, int l1Size, byte[] name, byte[] format) {
        bytes.putInt(0, Header.MAGIC).putInt(Header.VERSION, 3).putInt(Header.CLUSTER_BITS, CLUSTER_BITS)
                .putLong(Header.SIZE, byteLength).putInt(Header.L1_SIZE, l1Size).putLong(Header.L1_OFFSET, L1_AT)
                .putLong(Header.REFTABLE_OFFSET, REFTABLE_AT).putInt(Header.REFTABLE_CLUSTERS, 1)
                .putInt(Header.REFCOUNT_ORDER, REFCOUNT_ORDER).putInt(Header.HEADER_BYTES, Header.V3_BYTES);
        int extension = Header.V3_BYTES;
        bytes.putInt(extension, Header.EXT_BACKING_FORMAT).putInt(extension + 4, format.length);
        bytes.put(extension + 8, format);
        // An extension of type 0 ends them; those bytes are zeros.
        int nameAt = extension + 8 + (format.length + 7 & -8) + 8;
        bytes.put(nameAt, name);
        bytes.putLong(Header.BACKING_OFFSET, nameAt).putInt(Header.BACKING_SIZE, name.length);
    }

    /// The file has its name when it is whole, so that whoever finds it may use it. A process that is killed meanwhile leaves
    /// at most one of another name, which is in nobody's way.
    private static void write(Path path, ByteBuffer bytes) {
        Path folder = path.toAbsolutePath().getParent();
        Path unnamed = folder.resolve("." + path.getFileName() + "." + UUID.randomUUID() + ".new");
        try {
            try {
                writeWhole(unnamed, bytes);
                name(unnamed, path);
            } finally {
                Files.deleteIfExists(unnamed);
            }
            try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
                names.force(true);
            }
        } catch (FileAlreadyExistsException e) {
            throw new BadImageException(path, "is there already");
        } catch (IOException e) {
            throw new BadImageException(path, "cannot be made: " + e.getMessage());
        }
    }

    private static void writeWhole(Path path, ByteBuffer bytes) throws IOException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            file.force(true);
        }
    }

    /// A second name is refused by the kernel if there is such a file. Where file systems give a file one name only, we look
    /// ourselves, which is less sure.
    private static void name(Path unnamed, Path path) throws IOException {
        try {
            Files.createLink(path, unnamed);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            Files.move(unnamed, path);
        }
    }
}
