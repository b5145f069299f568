package xenolith.vmm.image;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import xenolith.abi.BadImageException;
import xenolith.abi.ElfImage;

/// A kernel's ELF image in memory, whatever it was packed in.
///
/// Unpacking is part of every start: 0.1 s for an LZ4 kernel, 1 s for an xz one. So the unpacked image is kept in a
/// cache and mapped from there the next time, which takes some 10 ms.
public final class KernelImage implements AutoCloseable {
    /// The most that a kernel may unpack to, and the largest kernel file. Debian's kernels unpack to 50–70 MB.
    public static final long MAX_BYTES = 512L << 20;

    private final Path file;
    private final UnpackedCache.Entry unpacked;
    private final ElfImage elf;
    private final boolean fromCache;

    private KernelImage(Path file, UnpackedCache.Entry unpacked, boolean fromCache) {
        this.file = file;
        this.unpacked = unpacked;
        this.fromCache = fromCache;
        this.elf = parse(file, unpacked);
    }

    /// Reads a kernel: a plain ELF file, a packed ELF file or a bzImage. With `cacheDir` the unpacked image is
    /// looked for there, and kept there.
    ///
    /// Throws [BadKernelException] for everything that is wrong with the file, down to "there is no such file".
    public static KernelImage read(Path file, Optional<Path> cacheDir) {
        try (KernelFile source = KernelFile.open(file)) {
            if (isPlainElf(source)) {
                KernelBytes whole = source.read();
                return new KernelImage(file, held(whole, Compression.NONE), false);
            }
            Optional<UnpackedCache> cache = cacheDir.map(UnpackedCache::new);
            Optional<UnpackedCache.Entry> hit = cache.flatMap(c -> c.find(source.cacheKey(source.checksum())));
            return hit.isPresent()
                    ? new KernelImage(file, hit.get(), true)
                    : new KernelImage(file, unpack(file, source, cache), false);
        }
    }

    /// Where unpacked kernels are kept by default: `xenolith/unpacked` in the user's cache directory
    /// (`XDG_CACHE_HOME`, else `~/.cache`).
    public static Path defaultCacheDir() {
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path caches = xdg != null && xdg.startsWith("/")
                ? Path.of(xdg)
                : Path.of(System.getProperty("user.home"), ".cache");
        return caches.resolve("xenolith").resolve("unpacked");
    }

    public Path file() {
        return file;
    }

    /// The ELF image: read-only, from the start of a page, until [#close].
    public MemorySegment bytes() {
        return unpacked.elf().asReadOnly();
    }

    public ElfImage elf() {
        return elf;
    }

    /// What the kernel says of itself. Throws [BadKernelException], as [XenNotes#of], with the file's name.
    public XenNotes notes() {
        return named(() -> XenNotes.of(elf));
    }

    /// Where its parts go. Throws [BadKernelException], as [KernelLayout#of], with the file's name.
    public KernelLayout layout() {
        XenNotes notes = notes();
        return named(() -> KernelLayout.of(elf, notes));
    }

    /// What the file was packed with.
    public Compression compression() {
        return unpacked.compression();
    }

    public boolean fromCache() {
        return fromCache;
    }

    /// Releases the bytes; close when the domain is built.
    @Override
    public void close() {
        unpacked.release().run();
    }

    private <T> T named(Supplier<T> work) {
        try {
            return work.get();
        } catch (BadKernelException unnamed) {
            throw new BadKernelException(file + ": " + unnamed.getMessage(), unnamed);
        }
    }

    private static boolean isPlainElf(KernelFile source) {
        return Compression.of(source.head(8)).equals(Optional.of(Compression.NONE));
    }

    private static UnpackedCache.Entry held(KernelBytes bytes, Compression compression) {
        MemorySegment elf = bytes.bytes();
        return new UnpackedCache.Entry(bytes.release()::close, elf, compression);
    }

    /// Unpacks the whole file. The cache key is computed anew from the very bytes that are unpacked: the file may
    /// have changed since it was looked for.
    private static UnpackedCache.Entry unpack(Path file, KernelFile source, Optional<UnpackedCache> cache) {
        try (KernelBytes whole = source.read()) {
            Optional<String> key = cache.map(_ -> source.cacheKey(KernelFile.checksum(whole.bytes())));
            Packed packed = Packed.of(file.toString(), whole.bytes());
            KernelBytes unpacked = packed.unpack();
            requireElf(file, unpacked);
            key.ifPresent(k -> cache.get().store(k, unpacked.bytes(), packed.compression()));
            return held(unpacked, packed.compression());
        }
    }

    private static void requireElf(Path file, KernelBytes unpacked) {
        if (!Compression.of(unpacked.bytes()).equals(Optional.of(Compression.NONE))) {
            unpacked.close();
            throw new BadKernelException(file + ": not a kernel: what it unpacks to is not an ELF image");
        }
    }

    private static ElfImage parse(Path file, UnpackedCache.Entry unpacked) {
        try {
            return ElfImage.parse(unpacked.elf().asReadOnly());
        } catch (BadImageException malformed) {
            unpacked.release().run();
            throw new BadKernelException("%s: not a kernel that can be started: %s"
                    .formatted(file, malformed.getMessage()), malformed);
        }
    }
}
