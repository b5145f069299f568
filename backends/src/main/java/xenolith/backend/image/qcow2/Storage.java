package xenolith.backend.image.qcow2;

import xenolith.posix.Iovec;

/// What an image lies in: a file of the host, or a test's stand-in for one. For any number of threads.
interface Storage extends AutoCloseable {
    /// Where it ends now, in bytes.
    long byteLength();

    /// Whether what lies beyond the end reads as zeros once it has been written behind: a file, but no block device.
    boolean growsWithZeros();

    /// Fills all pieces from byte `offset` and drops them. Returns how many of the bytes lay before the end, the rest
    /// being zeros; or `-errno`.
    long read(Iovec to, long offset);

    /// Writes all pieces at byte `offset` and drops them. Returns 0 or `-errno`.
    int write(Iovec from, long offset);

    /// Waits until all that was written is on the storage. Returns 0 or `-errno`.
    int sync();

    /// As [xenolith.backend.image.DiskImage#onLoss].
    default void onLoss(Runnable action) {
        // What is kept in memory is not lost.
    }

    /// Gives the room of a range back; it then reads as zeros or as before. Returns 0 or `-errno`.
    int punchHole(long offset, long byteLength);

    @Override
    void close();
}
