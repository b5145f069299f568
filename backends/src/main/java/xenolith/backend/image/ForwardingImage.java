package xenolith.backend.image;

import xenolith.posix.Iovec;

/// An image over another, which is asked whatever is not done otherwise here. A transfer is not begun unless an image says
/// so itself: most have something to do before or after it.
interface ForwardingImage extends DiskImage {
    /// The other.
    DiskImage image();

    @Override
    default boolean isReadOnly() {
        return image().isReadOnly();
    }

    @Override
    default long sectorCount() {
        return image().sectorCount();
    }

    @Override
    default long measure() {
        return image().measure();
    }

    @Override
    default void grow(long byteLength) {
        image().grow(byteLength);
    }

    @Override
    default int logicalSectorBytes() {
        return image().logicalSectorBytes();
    }

    @Override
    default int physicalSectorBytes() {
        return image().physicalSectorBytes();
    }

    @Override
    default boolean canDiscard() {
        return image().canDiscard();
    }

    @Override
    default int discardGranularity() {
        return image().discardGranularity();
    }

    @Override
    default int read(Iovec to, long offset) {
        return image().read(to, offset);
    }

    @Override
    default int write(Iovec from, long offset) {
        return image().write(from, offset);
    }

    @Override
    default int flush() {
        return image().flush();
    }

    @Override
    default void onLoss(Runnable action) {
        image().onLoss(action);
    }

    @Override
    default int discard(long offset, long byteLength) {
        return image().discard(offset, byteLength);
    }

    @Override
    default void close() {
        image().close();
    }
}
