package xenolith.vmm.mm;

import java.util.Arrays;
import xenolith.vmm.guest.MachineMemory;

/// What the hypervisor knows of each machine frame: owner, type, and who refers to it.
///
/// Parallel arrays indexed by `mfn - BASE_MFN`, 32 bytes a frame. Nothing is atomic: a frame's words are read and
/// written only under the mm lock of its owner (frames without an owner: under the lock of the domain whose reservation they
/// lie in, or the machine's allocation lock, which also orders their hand-over). Java promises that neighbouring elements do not disturb each other, so two domains
/// under two locks may share the arrays. What the counts mean is told in the package's description.
public final class FrameTable {
    /// Xen's DOMID_XEN: nobody's frame, or the hypervisor's own. No guest may map it.
    public static final int DOMID_XEN = 0x7FF2;

    static final int OWNER_MASK = 0xFFFF;
    static final int TYPE_SHIFT = 16;
    static final int TYPE_MASK = 0xFF << TYPE_SHIFT;
    static final int PINNED = 1 << 24;
    static final int VALIDATED = 1 << 25;
    /// A [PageType#SHARED] frame that may be mapped for reading only.
    static final int SHARED_READ_ONLY = 1 << 26;

    /// Owner, type and flags, packed so that one load answers "mine, and of which type?".
    final int[] identity;
    final int[] typeCount;
    /// All references, those that hold the type included: never below [#typeCount].
    final int[] refCount;
    /// How many of the references of each kind the hypervisor itself holds (bases, vcpu_info pages, grants …).
    final int[] heldTyped;
    final int[] heldPlain;
    /// Entries of this table that name other tables of its level, or less than 0: entries of others that name this one.
    final int[] linear;
    /// The [CommitEpoch] of the owner at which the frame last lost its type or its last reference.
    final long[] staleEpoch;

    private final int frameCount;

    /// All frames begin as [#DOMID_XEN]'s, without a type.
    public FrameTable(long frameCount) {
        this.frameCount = Math.toIntExact(frameCount);
        this.identity = new int[this.frameCount];
        this.typeCount = new int[this.frameCount];
        this.refCount = new int[this.frameCount];
        this.heldTyped = new int[this.frameCount];
        this.heldPlain = new int[this.frameCount];
        this.linear = new int[this.frameCount];
        this.staleEpoch = new long[this.frameCount];
        Arrays.fill(identity, DOMID_XEN);
    }

    public int frameCount() {
        return frameCount;
    }

    /// Gives an unowned frame to a domain, as ordinary memory.
    public void assign(long mfn, int domid) {
        claim(mfn, domid & OWNER_MASK);
    }

    /// Lends one of the hypervisor's frames to a domain, which may map it but never make a table of it.
    public void assignShared(long mfn, int domid, boolean writable) {
        claim(mfn, domid & OWNER_MASK | PageType.SHARED << TYPE_SHIFT | (writable ? 0 : SHARED_READ_ONLY));
    }

    /// Takes a frame back from its owner. Guests get there by [PageTables#releaseFrame], which checks and commits
    /// first; directly only for a domain that no longer runs, or for frames lent to it.
    public void release(long mfn) {
        int i = existing(mfn);
        if (refCount[i] != 0) {
            throw new IllegalStateException("releasing a frame in use: " + describe(mfn));
        }
        identity[i] = DOMID_XEN;
        staleEpoch[i] = CommitEpoch.NEVER;
    }

    public int owner(long mfn) {
        return ownerOf(identity[existing(mfn)]);
    }

    /// One of [PageType]; means something only while [#typeCount(long)] is not 0.
    public int type(long mfn) {
        return typeOf(identity[existing(mfn)]);
    }

    public int typeCount(long mfn) {
        return typeCount[existing(mfn)];
    }

    public int refCount(long mfn) {
        return refCount[existing(mfn)];
    }

    public boolean isPinned(long mfn) {
        return (identity[existing(mfn)] & PINNED) != 0;
    }

    /// Whether a frame number is one that `domid` owns or was lent.
    public boolean isOwnedBy(long mfn, int domid) {
        int i = index(mfn);
        return i >= 0 && ownerOf(identity[i]) == domid;
    }

    /// For messages: `mfn 100005 owner 1 type l1 count 1/2 pinned`.
    public String describe(long mfn) {
        int i = existing(mfn);
        return "mfn " + Long.toHexString(mfn) + " owner " + ownerOf(identity[i]) + " type "
                + PageType.name(typeOf(identity[i])) + " count " + typeCount[i] + "/" + refCount[i]
                + ((identity[i] & PINNED) != 0 ? " pinned" : "");
    }

    /// The index of a frame, or -1 for a number outside the machine. `mfn` is the guest's.
    int index(long mfn) {
        long i = mfn - MachineMemory.BASE_MFN;
        return Long.compareUnsigned(i, frameCount) < 0 ? (int) i : -1;
    }

    static long mfnOf(int index) {
        return MachineMemory.BASE_MFN + index;
    }

    static int ownerOf(int identity) {
        return identity & OWNER_MASK;
    }

    static int typeOf(int identity) {
        return (identity & TYPE_MASK) >>> TYPE_SHIFT;
    }

    /// Sets a type whose count is 0, and with it drops the validated bit.
    void setType(int i, int type) {
        identity[i] = identity[i] & ~(TYPE_MASK | VALIDATED) | type << TYPE_SHIFT;
    }

    /// Whether the frame is a page table in use, of any level.
    boolean isLiveTable(int i) {
        return typeCount[i] != 0 && PageType.isTable(typeOf(identity[i]));
    }

    private void claim(long mfn, int newIdentity) {
        int i = existing(mfn);
        if (identity[i] != DOMID_XEN || refCount[i] != 0) {
            throw new IllegalStateException("assigning a frame that is not free: " + describe(mfn));
        }
        identity[i] = newIdentity;
        staleEpoch[i] = CommitEpoch.NEVER;
    }

    private int existing(long mfn) {
        int i = index(mfn);
        if (i < 0) {
            throw new IllegalArgumentException("mfn=" + Long.toHexString(mfn) + " is outside the machine");
        }
        return i;
    }
}
