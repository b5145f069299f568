package xenolith.backend.image;

import xenolith.posix.Iovec;

/// A disk's contents, in whatever form the host keeps them: sectors that are read and written by byte offset.
///
/// May be used by several threads at once, each with pieces of its own. The caller keeps ranges within
/// [#sectorCount], in whole logical sectors, and writes nothing to what is read-only. What goes wrong on the host is a
/// negative errno, never an exception: the guest is told, and may try again.
public interface DiskImage extends AutoCloseable {
    /// What a sector is wherever the block interface counts them, whatever a disk's own sectors are.
    int SECTOR_BYTES = 512;

    boolean isReadOnly();

    /// How many sectors of [#SECTOR_BYTES] it has now. It may grow while in use, after [#measure].
    long sectorCount();

    /// Looks at the size of what holds it again, where that can change. Returns [#sectorCount] as it is then.
    default long measure() {
        return sectorCount();
    }

    /// Makes it longer, while it is used; what is new reads as zeros. [#sectorCount] is more afterwards.
    ///
    /// @throws DiskSizeException if it cannot be so long: nothing has changed
    /// @throws xenolith.posix.HostException if the host fails so that what holds it may be longer or not; the disk is not
    default void grow(long byteLength) {
        throw new DiskSizeException("only raw files and qcow2 images can be made larger");
    }

    /// The least that can be read or written, in bytes: offsets and lengths are multiples of it.
    default int logicalSectorBytes() {
        return SECTOR_BYTES;
    }

    /// What is best read or written at once, in bytes: less means that the host reads before it writes.
    default int physicalSectorBytes() {
        return logicalSectorBytes();
    }

    /// Whether [#discard] can do anything.
    default boolean canDiscard() {
        return !isReadOnly();
    }

    /// The least that a discard can free, in bytes; of less than that nothing may be freed.
    default int discardGranularity() {
        return logicalSectorBytes();
    }

    /// Fills all pieces from byte `offset`, and drops them from `to`. Returns 0 or `-errno`; then they hold anything.
    int read(Iovec to, long offset);

    /// Writes all pieces at byte `offset`, and drops them from `from`. Returns 0 or `-errno`; then the range holds
    /// anything, and what is beside it is as it was.
    int write(Iovec from, long offset);

    /// Begins a transfer, which goes on in `queue` while the caller goes on, beside others and in no order with them. Returns
    /// false, and has done nothing, if this image does not do that, or cannot now.
    default boolean begin(Transfer transfer, TransferQueue queue) {
        return false;
    }

    /// Waits until all that was written before the call is on the storage. Returns 0 or `-errno`: what was written since
    /// the last call that returned 0 may then be lost, and be it for good.
    int flush();

    /// Has `action` run at once when the host says that it could not store what it had accepted, after which each
    /// [#flush] fails; and now if it has said so already. In place of an earlier one.
    default void onLoss(Runnable action) {
        // What is kept nowhere is not lost.
    }

    /// Frees the storage of a range, where it can; what is freed reads as anything until it is written again. Returns 0
    /// or `-errno`: -EOPNOTSUPP where the host's storage cannot.
    int discard(long offset, long byteLength);

    @Override
    void close();
}
