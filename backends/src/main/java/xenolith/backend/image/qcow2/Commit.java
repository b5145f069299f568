package xenolith.backend.image.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// One passage of changed tables to the storage, in an order that leaves a sound image wherever it is cut off: each
/// thing is there before what refers to it, and what is referred to no more is forgotten only after that.
///
/// 1. Reference counts and new level-2 tables, to which nothing leads yet. A sync: these, and all data that was written,
///    are on the storage.
/// 2. Entries of the refcount table, or a whole new one; a sync.
/// 3. Where the header says that table is, if it is new; a sync.
/// 4. Changed entries of level-2 tables, and of the level-1 table; a sync.
///
/// After that counts may go down, which the next commit writes. It holds copies, made under the image's lock, and runs
/// outside it.
final class Commit {
    private record Store(long offset, MemorySegment bytes) {
    }

    private static final int COUNTS = 0;
    private static final int REFTABLE = 1;
    private static final int HEADER = 2;
    private static final int MAP = 3;

    private final List<List<Store>> stages = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(),
            new ArrayList<>());
    private final List<Runnable> onSuccess = new ArrayList<>();
    private final List<Runnable> onFailure = new ArrayList<>();
    private boolean mapBegun;

    /// Takes all changed tables of a cache.
    ///
    /// @param areCounts all of them are written first; else only those to which nothing leads yet
    void tables(TableCache cache, boolean areCounts) {
        for (int i = 0; i < cache.filled(); i++) {
            Table table = cache.slot(i);
            if (table.isDirty()) {
                table(table, areCounts);
            }
        }
    }

    private void table(Table table, boolean isCounts) {
        int from = table.dirtyFrom();
        int to = table.dirtyTo();
        MemorySegment copy = Arena.ofAuto().allocate(to - from, Long.BYTES);
        MemorySegment.copy(table.bytes, from, copy, 0, to - from);
        stages.get(isCounts || !table.linked ? COUNTS : MAP).add(new Store(table.hostOffset + from, copy));
        table.clean();
        table.committing = true;
        onSuccess.add(() -> {
            table.committing = false;
            table.linked = true;
        });
        onFailure.add(() -> {
            table.committing = false;
            table.linked |= mapBegun;
            table.soilAgain(from, to);
        });
    }

    void reftable(long offset, MemorySegment bytes) {
        stages.get(REFTABLE).add(new Store(offset, bytes));
    }

    void header(long offset, MemorySegment bytes) {
        stages.get(HEADER).add(new Store(offset, bytes));
    }

    void l1(long offset, MemorySegment bytes) {
        stages.get(MAP).add(new Store(offset, bytes));
    }

    void onSuccess(Runnable action) {
        onSuccess.add(action);
    }

    void onFailure(Runnable action) {
        onFailure.add(action);
    }

    /// Writes all of it. By one thread at a time, so that a newer copy of a table is never overtaken by an older one.
    void run(Storage storage, MetadataIo io) throws StorageException {
        for (int stage = COUNTS; stage <= MAP; stage++) {
            if (stage != COUNTS && stages.get(stage).isEmpty()) {
                continue;
            }
            mapBegun = stage == MAP;
            for (Store store : stages.get(stage)) {
                io.write(store.bytes(), store.offset(), "a table");
            }
            StorageException.check(storage.sync(), "sync");
        }
    }

    /// Under the image's lock, after [#run].
    void finish(boolean succeeded) {
        (succeeded ? onSuccess : onFailure).forEach(Runnable::run);
    }
}
