package xenolith.xenstore;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import xenolith.xenstore.XenstoreException.Conflict;
import xenolith.xenstore.XenstoreException.NotFound;

/// The store as Java code in this process uses it: the toolstack and the backends. Thread-safe.
///
/// Watches call back on the client's own thread, one call at a time, in the order of the changes, and may use the client
/// freely.
public final class StoreClient extends StoreOperations implements AutoCloseable {
    private static final Logger LOG = System.getLogger(StoreClient.class.getName());
    /// Transactions in this process take microseconds: more conflicts in a row than this are a fault of ours.
    private static final int ATTEMPTS = 1000;
    private static final int MOST_QUEUED = 1024;

    private final Store store;
    private final Caller caller;
    private final AtomicLong lastToken = new AtomicLong();
    private final ThreadPoolExecutor callbacks = callbackThread();

    StoreClient(Store store, Caller caller) {
        super(store.view(caller));
        this.store = store;
        this.caller = caller;
    }

    /// A client of `store` with the rights of `caller`.
    public static StoreClient of(Store store, Caller caller) {
        return new StoreClient(store, caller);
    }

    /// Runs `body` in a transaction and returns its result; again from the start if it conflicts with another's change,
    /// so it must do nothing but read and write through its argument. If it throws, nothing is changed.
    public <T> T transaction(Function<StoreTransaction, T> body) {
        for (int i = 0; i < ATTEMPTS; i++) {
            StoreTransaction transaction = new StoreTransaction(store.begin(caller));
            T result = body.apply(transaction);
            try {
                store.commit(transaction.transaction());
                return result;
            } catch (Conflict _) {
                // Somebody else was quicker: look again.
            }
        }
        throw new IllegalStateException("a transaction met conflicts " + ATTEMPTS + " times");
    }

    /// Registers a watch. `onChange` gets the path that changed: once at the start the watched path, later it or one
    /// below. Events may come spuriously, and several changes of one path as one; where very much has changed below the
    /// watched path it is that path that comes.
    public WatchHandle watch(String path, Consumer<String> onChange) {
        return watch(path, Watch.ANY_DEPTH, onChange);
    }

    /// As [#watch(String, Consumer)], for changes at most `depth` levels below the path.
    public WatchHandle watch(String path, int depth, Consumer<String> onChange) {
        CallbackWatcher watcher = new CallbackWatcher(path, onChange);
        String token = Long.toString(lastToken.incrementAndGet());
        Path watched = resolveWatchable(path);
        store.watch(new Watch(watcher, watched, token, null, depth));
        return () -> end(watcher, watched, token);
    }

    /// Whether the domain `domid` watches `path` or anything below it.
    public boolean isWatchedBy(int domid, String path) {
        return store.isWatchedBy(domid, resolveWatchable(path));
    }

    /// Ends the callbacks. Watches not closed before stay registered but are silent.
    @Override
    public void close() {
        callbacks.shutdownNow();
    }

    private void end(CallbackWatcher watcher, Path path, String token) {
        watcher.ended = true;
        try {
            store.unwatch(watcher, path, token);
        } catch (NotFound _) {
            // Closed twice.
        }
    }

    /// One daemon thread, which goes when there is nothing to call for a while.
    private static ThreadPoolExecutor callbackThread() {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
                Thread.ofPlatform().name("xenstore-watch").daemon().factory(), new ThreadPoolExecutor.DiscardPolicy());
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /// A watch in Java; closing it ends it, and no callback starts after that.
    @FunctionalInterface
    public interface WatchHandle extends AutoCloseable {
        @Override
        void close();
    }

    /// Changes that are still to be told are kept once for each path, and no more of them than [#MOST_QUEUED]: a guest may
    /// write faster than its backends look.
    private final class CallbackWatcher implements Watcher {
        private final String watched;
        private final Consumer<String> onChange;
        private final Set<String> queued = new HashSet<>();
        private volatile boolean ended;

        private CallbackWatcher(String watched, Consumer<String> onChange) {
            this.watched = watched;
            this.onChange = onChange;
        }

        @Override
        public Caller caller() {
            return caller;
        }

        @Override
        public void watchEvent(String path, String token) {
            String told;
            synchronized (queued) {
                // Where too much has changed below the watched path, that is what is told.
                told = queued.size() < MOST_QUEUED ? path : watched;
                if (!queued.add(told)) {
                    return;
                }
            }
            callbacks.execute(() -> call(told));
        }

        private void call(String path) {
            // Before the callback looks: what changes from here on is told again.
            synchronized (queued) {
                queued.remove(path);
            }
            if (ended) {
                return;
            }
            try {
                onChange.accept(path);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "xenstore: a callback for " + path + " failed", e);
            }
        }
    }
}
