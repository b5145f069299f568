package xenolith.xenstore;

/// What the toolstack's requests do to domains rather than to the tree. Each may throw a [XenstoreException].
interface DomainOperations {
    /// `INTRODUCE`: serve the domain over the ring in its page `gfn`. For one that is served already it only tells the
    /// watchers. We know the rings of the domains that this process runs, and no others are to be had.
    void introduce(int domid, long gfn, int port);

    /// `RELEASE`: serve it no more.
    void release(int domid);

    /// `RESUME`: it runs again, so tell of its next shutdown too.
    void resume(int domid);

    boolean isIntroduced(int domid);

    /// `SET_TARGET`: `domid` may do from now on all that `target` may.
    void setTarget(int domid, int target);

    /// What a domain keeps here beside nodes; null if it is not introduced.
    Kept kept(int domid);

    /// Tells the operator something.
    void print(String text);

    /// @param watches      registered
    /// @param transactions open
    /// @param outstanding  requests answered whose replies it has not taken
    record Kept(int watches, int transactions, int outstanding) {
    }
}
