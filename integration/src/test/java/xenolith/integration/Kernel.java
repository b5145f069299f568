package xenolith.integration;

import java.nio.file.Path;

/// The stock kernels that `./dev setup` fetches.
enum Kernel {
    CLOUD,
    GENERIC;

    Path path() {
        return Host.cache().resolve("kernels").resolve(name().toLowerCase()).resolve("vmlinuz");
    }
}
