package xenolith.backend.image;

import java.util.function.BooleanSupplier;
import xenolith.posix.Errno;

/// An image in a process that another may follow, while what is known of it stays with somebody who outlives both:
/// after a loss flushes fail, whichever of the processes was told of it.
public final class UnforgettingImage implements ForwardingImage {
    private final DiskImage image;
    private final BooleanSupplier isLost;

    /// @param image  what it is otherwise
    /// @param isLost whether there was a loss
    /// @param onLoss remembers one; it may be an old one, of before this
    public UnforgettingImage(DiskImage image, BooleanSupplier isLost, Runnable onLoss) {
        this.image = image;
        this.isLost = isLost;
        image.onLoss(onLoss);
    }

    @Override
    public DiskImage image() {
        return image;
    }

    @Override
    public int flush() {
        return isLost.getAsBoolean() ? -Errno.EIO : image.flush();
    }
}
