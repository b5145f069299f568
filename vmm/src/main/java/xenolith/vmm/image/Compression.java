package xenolith.vmm.image;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/// How a kernel may be packed, told by the first bytes.
///
/// The order of the constants is stored in cache entries: add at the end.
public enum Compression {
    /// A plain ELF file.
    NONE("no compression", 0x7f, 'E', 'L', 'F'),
    GZIP("gzip", 0x1f, 0x8b),
    XZ("xz", 0xfd, '7', 'z', 'X', 'Z', 0),
    /// The format of xz's predecessor. Its only constant is the byte of the usual lc/lp/pb and a dictionary size
    /// whose low 16 bits are zero.
    LZMA("lzma", 0x5d, 0, 0),
    BZIP2("bzip2", 'B', 'Z', 'h'),
    /// The legacy frame: the one Linux's build writes (`lz4 -l`).
    LZ4("lz4", 0x02, 0x21, 0x4c, 0x18),
    ZSTD("zstd", 0x28, 0xb5, 0x2f, 0xfd);

    private final String word;
    private final int[] magic;

    Compression(String word, int... magic) {
        this.word = word;
        this.magic = magic;
    }

    /// The format's everyday name.
    public String word() {
        return word;
    }

    /// What the bytes begin with, or nothing if no format is known by it.
    static Optional<Compression> of(MemorySegment bytes) {
        for (Compression candidate : values()) {
            if (candidate.begins(bytes)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    private boolean begins(MemorySegment bytes) {
        if (bytes.byteSize() < magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if (Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, i)) != magic[i]) {
                return false;
            }
        }
        return true;
    }
}
