package xenolith.vmm.monitor;

import java.util.Arrays;
import xenolith.vmm.guest.MachineMemory;

/// Stores checked page-table entries and, where the host does not see our stores, queues them for ring 0.
///
/// On such hosts an **upgrade** (absent to present, read-only to writable) is seen at once, since the guest faults on
/// the stale entry; a **downgrade** stays unseen until the guest itself stores to the entry. Like a TLB we defer:
/// the list of entries is committed when the guest asks for a flush, loads CR3, or a frame changes type. The commit
/// stores nothing new, it rewrites each word with itself; so an entry may be changed again while it is queued, and
/// further changes to its page are queued too, lest the host combine an old commit with a new upgrade.
///
/// Lock: the domain's.
public final class CommitQueue {
    private static final long PRESENT = 1;
    private static final long WRITABLE = 2;
    private static final long USER = 4;
    private static final long ACCESSED_DIRTY = 0x60;
    private static final long NO_EXECUTE = 1L << 63;
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;
    /// From this many on we do not wait for the guest to flush.
    private static final int ENOUGH = MonitorAbi.COMMIT_MAX / 2;

    private final MachineMemory memory;
    private final boolean hostWritesCoherent;
    private long[] entries = new long[MonitorAbi.COMMIT_MAX];
    /// Queued entries of each frame.
    private final int[] pending;
    private final CommitProofs proofs;
    private final long[] loadedCr3;
    private int count;
    private boolean needed;
    /// Vcpus that must do a commit of their own, whatever others do.
    private final boolean[] owed;
    private long commitRip;
    private long commits;
    private long committedEntries;

    public CommitQueue(MachineMemory memory, boolean hostWritesCoherent, int vcpuCount) {
        this.memory = memory;
        this.hostWritesCoherent = hostWritesCoherent;
        this.loadedCr3 = new long[vcpuCount];
        this.owed = new boolean[vcpuCount];
        this.proofs = new CommitProofs(vcpuCount);
        this.pending = new int[Math.toIntExact(memory.frameCount())];
    }

    /// Stores `value` over `old` at `entryMa`; accessed and dirty bits that the hardware sets meanwhile are no reason
    /// to fail, and are kept if `preserveAd`.
    ///
    /// @return whether the entry is queued for a commit
    public boolean store(long entryMa, long old, long value, boolean preserveAd) {
        while (true) {
            long merged = preserveAd ? value | old & ACCESSED_DIRTY : value;
            long found = memory.compareAndExchangeWord(entryMa, old, merged);
            if (found == old) {
                return stored(entryMa, old, merged);
            }
            old = found;
        }
    }

    /// Stores `value` if the entry still is `expected`.
    public boolean exchange(long entryMa, long expected, long value) {
        if (memory.compareAndExchangeWord(entryMa, expected, value) != expected) {
            return false;
        }
        stored(entryMa, expected, value);
        return true;
    }

    private boolean stored(long entryMa, long old, long value) {
        boolean queued = !hostWritesCoherent && (isDowngrade(old, value) || pending[page(entryMa)] > 0);
        if (queued) {
            queue(entryMa);
        }
        return queued;
    }

    /// Queues an entry that was stored already.
    public void queue(long entryMa) {
        append(entryMa);
    }

    /// A page table lost its type: lets the host drop the shadow that it keeps of the frame. A store across the
    /// middle of two entries is not one that a kernel would do to a live table, and hosts take it so.
    public void retire(long mfn) {
        if (!hostWritesCoherent) {
            append((mfn << MachineMemory.PAGE_SHIFT) + 4);
        }
    }

    /// What was queued must be committed, and the TLB flushed, before the guest runs on. An empty commit flushes.
    public void require() {
        needed = true;
    }

    /// Vcpu `id` shall leave a root that it may have loaded: nothing that comes after is settled before it has.
    public void leavesRoot(int id) {
        proofs.leavesRoot(id);
        owed[id] = true;
        needed = true;
    }

    /// The guest asked for a flush: queued entries, and the TLB. Where entries have to be queued the host flushes as it
    /// sees them committed, so that without any there is nothing to flush. Those that another vcpu was sent to commit and
    /// has not count as queued: it may be a long time before it runs again.
    public void flush() {
        if (count > 0 || hostWritesCoherent || proofs.anyOpen()) {
            needed = true;
        }
    }

    /// Whether so much is queued that a long hypercall should let a commit happen before it goes on.
    public boolean isFull() {
        return count >= ENOUGH;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    public boolean isNeeded() {
        return needed;
    }

    /// Whether vcpu `id` must commit before it goes on in the guest: because anybody must, or for a part that is its own, as
    /// its new root, which no other vcpu's commit loads.
    public boolean isNeeded(int id) {
        return needed || owed[id];
    }

    /// Vcpu `id` puts off the commit that is needed, if one is. Another vcpu may do one before it comes back to that.
    public void owe(int id) {
        owed[id] |= needed;
    }

    /// Forgets what is queued: the guest has not run yet, so the host can hold nothing stale.
    public void discard() {
        for (int i = 0; i < count; i++) {
            pending[page(entries[i])]--;
        }
        count = 0;
        needed = false;
    }

    public long commits() {
        return commits;
    }

    public long committedEntries() {
        return committedEntries;
    }

    /// Writes the list for vcpu `id`, or as much of it as one commit takes, and points gate 0 at it: the next divide
    /// error of the stub commits, and goes on at `commit_done` with stack pointer `rsp`.
    ///
    /// @param epoch what the commit settles if it takes the whole list
    /// @return whether entries are left for another commit
    public boolean prepare(Monitor monitor, int id, long rsp, long epoch) {
        takeOver(monitor);
        MonitorWindow window = monitor.window(id);
        int now = Math.min(count, MonitorAbi.COMMIT_MAX);
        long at = monitor.commitList(id);
        for (int i = 0; i < now; i++) {
            long entryMa = entries[--count];
            memory.writeWord(at, MonitorAbi.DIRECT_MAP_VA + MachineMemory.offset(entryMa));
            pending[page(entryMa)]--;
            at += 8;
        }
        // A new root is loaded by the last commit only: the entry that makes it one may be on any list before.
        if (count == 0) {
            loadedCr3[id] = window.kernelCr3();
        }
        proofs.prepared(window, id, now, count == 0 ? epoch : CommitProofs.NOTHING_SETTLED);
        memory.writeWord(at, loadedCr3[id]);
        memory.writeWord(at + 8, window.commitRipVa());
        memory.writeWord(at + 16, window.idleCommitRip());
        memory.writeWord(at + 24, monitor.commitDone(id));
        memory.writeWord(at + 32, MonitorAbi.GUEST_CS);
        memory.writeWord(at + 40, 0x202);
        memory.writeWord(at + 48, rsp);
        memory.writeWord(at + 56, MonitorAbi.GUEST_SS);
        commitRip = monitor.commitEntry(now);
        window.commitRip(commitRip);
        commits++;
        committedEntries += now;
        needed = count > 0;
        owed[id] = needed;
        return needed;
    }

    /// Queues again what others were sent to commit and may not have. To commit an entry twice does no harm.
    private void takeOver(Monitor monitor) {
        for (int id = 0; id < loadedCr3.length; id++) {
            int open = proofs.open(id);
            for (int i = 0; i < open; i++) {
                append(entryMa(memory.readWord(monitor.commitList(id) + 8L * i)));
            }
            proofs.takenOver(id);
        }
    }

    /// Of a word on a list.
    private static long entryMa(long directVa) {
        return directVa - MonitorAbi.DIRECT_MAP_VA + (MachineMemory.BASE_MFN << MachineMemory.PAGE_SHIFT);
    }

    /// Where ring 0 enters the commit that was prepared last.
    public long commitRip() {
        return commitRip;
    }

    /// Which vcpus have run what was prepared for them.
    public CommitProofs proofs() {
        return proofs;
    }

    /// Says which kernel root vcpu `id` starts on.
    public void startsOn(int id, long cr3) {
        loadedCr3[id] = cr3;
    }

    private void append(long entryMa) {
        if (count > 0 && entries[count - 1] == entryMa) {
            return;
        }
        if (count == entries.length) {
            entries = Arrays.copyOf(entries, 2 * count);
        }
        entries[count++] = entryMa;
        pending[page(entryMa)]++;
        if (count >= ENOUGH) {
            needed = true;
        }
    }

    private int page(long entryMa) {
        return (int) ((entryMa >>> MachineMemory.PAGE_SHIFT) - MachineMemory.BASE_MFN);
    }

    private static boolean isDowngrade(long old, long value) {
        if ((old & PRESENT) == 0) {
            return false;
        }
        return (value & PRESENT) == 0
                || ((old ^ value) & ADDRESS) != 0
                || (old & ~value & (WRITABLE | USER | ACCESSED_DIRTY)) != 0
                || (~old & value & NO_EXECUTE) != 0;
    }
}
