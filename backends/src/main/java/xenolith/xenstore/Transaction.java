package xenolith.xenstore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import xenolith.xenstore.XenstoreException.QuotaExceeded;

/// A caller's private copy of the store, which costs nothing: the tree as it was, and what was done to it since.
///
/// It remembers the generation, at the start, of every node it reads or changes. At the commit, if one of them is no
/// longer the same, there is a conflict; otherwise its changes are made again on the tree of that moment. Two
/// transactions that make different children of one parent do not conflict unless they listed it.
///
/// Belongs to one connection and its thread.
final class Transaction extends View {
    private final Store store;
    private final Tree base;
    private final Map<Path, Long> touched = new HashMap<>();
    private final List<Change> changes = new ArrayList<>();
    private Tree working;

    Transaction(Store store, Caller caller, Tree base) {
        super(caller);
        this.store = store;
        this.base = base;
        this.working = base;
    }

    @Override
    Tree tree() {
        return working;
    }

    @Override
    void touch(Path path) {
        if (!touched.containsKey(path)) {
            limit(touched.size());
            touched.put(path, base.generation(path));
        }
    }

    @Override
    void apply(Change change) {
        touch(change.path());
        limit(changes.size());
        Tree after = change.apply(working, caller(), store.quota(), store.nextGeneration());
        if (after != working) {
            changes.add(change);
            working = after;
        }
    }

    /// What was done, in order.
    List<Change> changes() {
        return changes;
    }

    /// A node that is no longer what it was at the start, or null.
    Path conflict(Tree current) {
        if (current == base) {
            return null;
        }
        for (Map.Entry<Path, Long> entry : touched.entrySet()) {
            if (current.generation(entry.getKey()) != entry.getValue()) {
                return entry.getKey();
            }
        }
        return null;
    }

    private void limit(int count) {
        int limit = store.quota().transactionNodes();
        if (count >= limit && !caller().privileged()) {
            throw new QuotaExceeded("nodes or changes in a transaction", limit);
        }
    }
}
