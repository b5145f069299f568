package xenolith.backend.image;

import xenolith.posix.Errno;
import xenolith.posix.Iovec;

/// An image that keeps all room that it has: the guest is not offered to give any back.
///
/// @param image what it is otherwise
public record WithoutDiscard(DiskImage image) implements ForwardingImage {
    @Override
    public boolean canDiscard() {
        return false;
    }

    @Override
    public boolean begin(Transfer transfer, TransferQueue queue) {
        return image.begin(transfer, queue);
    }

    @Override
    public int discard(long offset, long byteLength) {
        return -Errno.EOPNOTSUPP;
    }
}
