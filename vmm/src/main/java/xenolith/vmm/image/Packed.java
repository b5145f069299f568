package xenolith.vmm.image;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The packed kernel within a file, and what it is packed with.
///
/// @param name the file's, for messages
/// @param payload the packed bytes; for a bzImage with the unpacked size behind them
record Packed(String name, MemorySegment payload, Compression compression, boolean inBzImage) {
    private static final int SHOWN_BYTES = 4;

    /// Recognises a bzImage or a packed file, by their magic numbers; throws [BadKernelException] for anything else.
    static Packed of(String name, MemorySegment file) {
        if (BzImage.matches(file)) {
            MemorySegment payload = BzImage.payload(file, name);
            Compression compression = Compression.of(payload).orElseThrow(() -> unknownPayload(name, payload));
            return new Packed(name, payload, compression, true);
        }
        Compression compression = Compression.of(file).orElseThrow(() -> new BadKernelException(name
                + ": not a kernel: neither a bzImage nor an ELF file, packed or not"));
        return new Packed(name, file, compression, false);
    }

    KernelBytes unpack() {
        if (compression == Compression.NONE) {
            return copyOfElf();
        }
        Unpacker unpacker = new Unpacker(name, compression, KernelImage.MAX_BYTES);
        return inBzImage ? unpacker.unpackPayload(payload) : unpacker.unpackFile(payload);
    }

    /// A bzImage may hold its kernel unpacked (CONFIG_KERNEL_UNCOMPRESSED), the size behind it nevertheless.
    private KernelBytes copyOfElf() {
        KernelBytes out = KernelBytes.exactly(payload.byteSize());
        MemorySegment.copy(payload, 0, out.room(payload.byteSize()), 0, payload.byteSize());
        out.advance(payload.byteSize());
        return out;
    }

    private static BadKernelException unknownPayload(String name, MemorySegment payload) {
        StringBuilder magic = new StringBuilder();
        for (int i = 0; i < Math.min(SHOWN_BYTES, payload.byteSize()); i++) {
            magic.append("%02x ".formatted(payload.get(ValueLayout.JAVA_BYTE, i)));
        }
        return new BadKernelException("%s: its kernel is packed in an unknown way (it begins %s): "
                .formatted(name, magic.toString().strip()) + "gzip, xz, lzma, bzip2, lz4 and zstd are known");
    }
}
