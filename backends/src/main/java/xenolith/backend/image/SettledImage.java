package xenolith.backend.image;

import xenolith.posix.Iovec;

/// An image that flushes after each write and discard: what it has answered is in its file, whatever becomes of this
/// process. For images that keep changed tables in memory, in a process that may die while its guest goes on and must
/// find what it wrote, flushed or not. That is slow.
///
/// @param image what it is otherwise
public record SettledImage(DiskImage image) implements ForwardingImage {
    @Override
    public int write(Iovec from, long offset) {
        int result = image.write(from, offset);
        return result < 0 ? result : image.flush();
    }

    @Override
    public int discard(long offset, long byteLength) {
        int result = image.discard(offset, byteLength);
        return result < 0 ? result : image.flush();
    }
}
