package xenolith.xenstore;

/// What the toolstack's requests do to domains rather than to the tree. Each may throw a [XenstoreException].
interface DomainOperations {
    /// `INTRODUCE`: serve the domain over the ring in its page `gfn`.
    void introduce(int domid, long gfn, int port);

    /// `RELEASE`: serve it no more.
    void release(int domid);

    /// `RESUME`: it runs again, so tell of its next shutdown too.
    void resume(int domid);

    boolean isIntroduced(int domid);

    /// `SET_TARGET`: `domid` may do from now on all that `target` may.
    void setTarget(int domid, int target);
}
