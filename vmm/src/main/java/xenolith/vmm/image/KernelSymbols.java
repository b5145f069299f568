package xenolith.vmm.image;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongFunction;

/// Names the place in a kernel that an address belongs to, where the kernel has a symbol table. Distributions strip
/// theirs; one's own `vmlinux`, Mini-OS and the like have one. Made for crash reports: each question reads the image.
public final class KernelSymbols implements LongFunction<String> {
    /// Farther from a symbol than this, an address is not within the kernel.
    private static final long FAR = 1 << 20;

    private final Path kernel;
    private final Optional<Path> cacheDir;

    public KernelSymbols(Path kernel, Optional<Path> cacheDir) {
        this.kernel = kernel;
        this.cacheDir = cacheDir;
    }

    /// As `start_kernel+0x12`, or nothing.
    @Override
    public String apply(long va) {
        try (KernelImage image = KernelImage.read(kernel, cacheDir)) {
            return image.elf().nearestSymbol(va).filter(symbol -> va - symbol.value() < FAR)
                    .map(symbol -> symbol.name() + "+0x" + Long.toHexString(va - symbol.value())).orElse("");
        } catch (BadKernelException _) {
            // It was readable when the domain was built; a report does without.
            return "";
        }
    }
}
