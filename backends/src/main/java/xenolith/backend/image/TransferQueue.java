package xenolith.backend.image;

/// Transfers that are under way at the host side by side, and end in any order. For one thread, but for [#wake].
public interface TransferQueue extends AutoCloseable {
    /// One in which nothing is ever under way: images do everything while their caller waits.
    TransferQueue NONE = new NoTransfers();

    /// Takes a transfer whose file is known; it begins with the next [#submit], and is
    /// over then at the earliest. Returns false, and has done
    /// nothing, if there is no room, or the host does no such thing.
    boolean add(Transfer transfer);

    /// Begins what was added.
    void submit();

    /// How many were added that [#finished] has not given back.
    int underWay();

    /// One that is over, which belongs to the caller again; null if there is none now.
    Transfer finished();

    /// Waits until `least` transfers are over, counting those that [#finished] would give, or some time has passed. Returns
    /// whether there is any.
    boolean await(int least, long timeoutNs);

    /// Forgets past wakes. Who looks for work after this and finds none may [#sleep], and misses none that comes.
    void prepareToSleep();

    /// Waits until a transfer is over, somebody wakes it or `descriptor` can be read. May end early.
    void sleep(int descriptor);

    /// Ends [#sleep], the present one or the next. For any thread.
    void wake();

    /// Waits for all that is under way.
    @Override
    void close();
}
