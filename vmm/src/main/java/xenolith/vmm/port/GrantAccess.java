package xenolith.vmm.port;

import java.lang.foreign.MemorySegment;

/// What a backend may do with the pages that a guest grants domain 0 (`xen/grant_table.h`). One for each device, for
/// any of its threads.
///
/// A `ref` is whatever the guest put into a ring: any number. What is wrong with it is told by a negative `GNTST_`
/// number of [xenolith.abi.XenGrantTable], with which the backend fails that one request. `GNTST_eagain` means that
/// the page was a page table until a moment ago: ask again a little later.
///
/// The guest may write the page meanwhile, granted for reading or not: what is read from it is hostile and is read
/// once. As long as a grant is mapped, and during a copy, its entry (or status word) carries `GTF_reading`, and
/// `GTF_writing` if it is for writing: the guest knows by them when it may use the page otherwise.
public interface GrantAccess extends AutoCloseable {
    /// How many mappings there may be at once; more are `GNTST_no_device_space`. A queue of a disk needs the most: for
    /// each of its requests in hand the segments, its ring, and the pages that it keeps.
    int MOST_MAPPED = 1 << 15;

    /// Maps the page granted by `ref`, for writing too if `writable`. Grants of parts of a page cannot be mapped.
    ///
    /// @return a handle of 0 or more, or a `GNTST_` number
    int map(int ref, boolean writable);

    /// The 4096 bytes behind a handle, aligned to a page; read-only if it was mapped so. Not to be touched after
    /// [#unmap].
    MemorySegment page(int handle);

    /// Ends a mapping. A handle that is not mapped is the backend's mistake, and throws.
    void unmap(int handle);

    /// Copies from byte `offset` of the page granted by `ref`.
    ///
    /// @return `GNTST_okay` or what is wrong; then nothing was copied
    int copyFrom(int ref, int offset, MemorySegment to, long toOffset, int byteLength);

    /// Copies to byte `offset` of the page granted for writing by `ref`.
    int copyTo(int ref, int offset, MemorySegment from, long fromOffset, int byteLength);

    /// Ends all mappings, for good. Comes before the domain's memory goes.
    @Override
    void close();
}
