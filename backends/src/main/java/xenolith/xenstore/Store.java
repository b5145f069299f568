package xenolith.xenstore;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import xenolith.xenstore.XenstoreException.Conflict;

/// The store: the tree of this moment, and who watches it.
///
/// The tree is replaced under the lock and read without. Watches are registered and fired under the lock.
public final class Store {
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicLong generation = new AtomicLong(1);
    private final Watches watches = new Watches();
    private volatile Quota quota;
    private volatile Tree tree = Tree.initial();

    /// An empty store whose guests are held to `quota`.
    public Store(Quota quota) {
        this.quota = quota;
    }

    public Quota quota() {
        return quota;
    }

    /// Holds all guests to another quota from now on.
    void quota(Quota next) {
        quota = next;
    }

    Tree tree() {
        return tree;
    }

    long nextGeneration() {
        return generation.incrementAndGet();
    }

    /// The store as `caller` sees it outside any transaction.
    View view(Caller caller) {
        return new Direct(this, caller);
    }

    /// Starts a transaction. It holds nothing that must be given back: dropping it aborts it.
    Transaction begin(Caller caller) {
        return new Transaction(this, caller, tree);
    }

    /// Makes one change and tells the watchers.
    void apply(Caller caller, Change change) {
        lock.lock();
        try {
            Tree before = tree;
            tree = change.apply(before, caller, quota, nextGeneration());
            if (tree != before) {
                watches.fireChange(change.path(), before, tree);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Makes all of the transaction's changes, or none.
    ///
    /// One that changed nothing always succeeds: what it read was all true at its start.
    ///
    /// @throws Conflict if something it read or changed was changed meanwhile
    void commit(Transaction transaction) {
        if (transaction.changes().isEmpty()) {
            return;
        }
        lock.lock();
        try {
            Tree before = tree;
            Path conflict = transaction.conflict(before);
            if (conflict != null) {
                throw new Conflict(conflict.toString());
            }
            Tree after = replay(transaction, before);
            tree = after;
            for (Path path : changedPaths(transaction.changes())) {
                watches.fireChange(path, before, after);
            }
        } finally {
            lock.unlock();
        }
    }

    private Tree replay(Transaction transaction, Tree before) {
        Tree after = before;
        try {
            for (Change change : transaction.changes()) {
                after = change.apply(after, transaction.caller(), quota, nextGeneration());
            }
        } catch (XenstoreException e) {
            // A parent's permissions or the caller's quota changed since. The client finds out when it tries again.
            throw new Conflict(e.getMessage());
        }
        return after;
    }

    private static Set<Path> changedPaths(List<Change> changes) {
        Set<Path> paths = new LinkedHashSet<>();
        for (Change change : changes) {
            paths.add(change.path());
        }
        return paths;
    }

    void watch(Watch watch) {
        lock.lock();
        try {
            watches.add(watch);
        } finally {
            lock.unlock();
        }
    }

    void unwatch(Watcher watcher, Path path, String token) {
        lock.lock();
        try {
            watches.remove(watcher, path, token);
        } finally {
            lock.unlock();
        }
    }

    void unwatchAll(Watcher watcher) {
        lock.lock();
        try {
            watches.removeAll(watcher);
        } finally {
            lock.unlock();
        }
    }

    /// Whether the domain watches `path` or anything below it.
    boolean isWatchedBy(int domid, Path path) {
        lock.lock();
        try {
            return watches.anyOf(domid, path);
        } finally {
            lock.unlock();
        }
    }

    /// Fires the watches of a special name.
    void fireSpecial(Path special) {
        lock.lock();
        try {
            watches.fireChange(special, tree, tree);
        } finally {
            lock.unlock();
        }
    }

    /// Forgets a dead domain: what it owned is removed, and what it was allowed elsewhere is taken back, so that a later
    /// domain of the same number finds none of it.
    void forget(int domid) {
        lock.lock();
        try {
            Tree before = tree;
            Forgetting forgetting = new Forgetting(before, domid, nextGeneration());
            tree = forgetting.result();
            for (Path path : forgetting.removed()) {
                watches.fireChange(path, before, tree);
            }
        } finally {
            lock.unlock();
        }
    }

    private static final class Direct extends View {
        private final Store store;

        private Direct(Store store, Caller caller) {
            super(caller);
            this.store = store;
        }

        @Override
        Tree tree() {
            return store.tree;
        }

        @Override
        void touch(Path path) {
        }

        @Override
        void apply(Change change) {
            store.apply(caller(), change);
        }
    }
}
