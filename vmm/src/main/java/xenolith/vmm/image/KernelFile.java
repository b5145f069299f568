package xenolith.vmm.image;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

/// The file that the user named, open for reading.
///
/// It is read into memory, never mapped: a file that somebody truncates under a mapping would end the process.
final class KernelFile implements AutoCloseable {
    private static final int CHUNK = 1 << 20;

    private final Path path;
    private final FileChannel channel;
    private final BasicFileAttributes attributes;

    private KernelFile(Path path, FileChannel channel, BasicFileAttributes attributes) {
        this.path = path;
        this.channel = channel;
        this.attributes = attributes;
    }

    /// Opens a regular file of bearable size, or throws [BadKernelException].
    static KernelFile open(Path path) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw new BadKernelException(path + ": not a kernel: it is not a regular file");
            }
            if (attributes.size() > KernelImage.MAX_BYTES) {
                throw new BadKernelException("%s: too large for a kernel: %d MiB, at most %d"
                        .formatted(path, attributes.size() >> 20, KernelImage.MAX_BYTES >> 20));
            }
            return new KernelFile(path, FileChannel.open(path, StandardOpenOption.READ), attributes);
        } catch (IOException failed) {
            throw unreadable(path, failed);
        }
    }

    /// The first bytes of the file: `byteLength`, or fewer if it is shorter.
    MemorySegment head(int byteLength) {
        ByteBuffer head = ByteBuffer.allocate(byteLength);
        try {
            fill(head, 0);
        } catch (IOException failed) {
            throw unreadable(path, failed);
        }
        return MemorySegment.ofBuffer(head.flip());
    }

    /// The whole file, from the start of a page; the caller closes it. A file that changes meanwhile is read as it
    /// is found, up to the size it had.
    KernelBytes read() {
        if (attributes.size() == 0) {
            throw new BadKernelException(path + ": not a kernel: the file is empty");
        }
        KernelBytes whole = KernelBytes.exactly(attributes.size());
        try {
            ByteBuffer buffer = whole.room(whole.left()).asByteBuffer();
            fill(buffer, 0);
            whole.advance(buffer.position());
            return whole;
        } catch (IOException failed) {
            whole.close();
            throw unreadable(path, failed);
        }
    }

    /// The checksum of the whole file, without keeping it in memory.
    long checksum() {
        CRC32C checksum = new CRC32C();
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
        try {
            long at = 0;
            while (at <= KernelImage.MAX_BYTES) {
                fill(chunk.clear(), at);
                if (chunk.flip().remaining() == 0) {
                    break;
                }
                at += chunk.remaining();
                checksum.update(chunk);
            }
        } catch (IOException failed) {
            throw unreadable(path, failed);
        }
        return checksum.getValue();
    }

    /// The checksum of a file that is in memory.
    static long checksum(MemorySegment whole) {
        CRC32C checksum = new CRC32C();
        checksum.update(whole.asByteBuffer());
        return checksum.getValue();
    }

    /// A name for what this file unpacks to: its size, its time, its place on disk and a checksum of its bytes.
    String cacheKey(long checksum) {
        StringBuilder key = new StringBuilder().append(attributes.size())
                .append('-').append(attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS))
                .append('-').append(Long.toHexString(checksum)).append('-');
        String place = String.valueOf(attributes.fileKey());
        for (int i = 0; i < place.length(); i++) {
            char c = place.charAt(i);
            if (Character.isLetterOrDigit(c)) {
                key.append(c);
            }
        }
        return key.toString();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException ignored) {
            // It was only read from: nothing is lost.
        }
    }

    private void fill(ByteBuffer buffer, long position) throws IOException {
        long at = position;
        while (buffer.hasRemaining()) {
            int count = channel.read(buffer, at);
            if (count <= 0) {
                return;
            }
            at += count;
        }
    }

    private static BadKernelException unreadable(Path path, IOException failed) {
        String why = switch (failed) {
            case NoSuchFileException _ -> "there is no such file";
            case AccessDeniedException _ -> "permission denied";
            default -> String.valueOf(failed.getMessage());
        };
        return new BadKernelException("%s: cannot read the kernel: %s".formatted(path, why), failed);
    }
}
