package xenolith.vmm.gnttab;

import static xenolith.abi.XenGrantTable.GNTST_BAD_GNTREF;
import static xenolith.abi.XenGrantTable.GNTST_BAD_PAGE;
import static xenolith.abi.XenGrantTable.GNTST_GENERAL_ERROR;
import static xenolith.abi.XenGrantTable.GNTST_OKAY;
import static xenolith.abi.XenGrantTable.GTF_READING;
import static xenolith.abi.XenGrantTable.GTF_SUB_PAGE;
import static xenolith.abi.XenGrantTable.GTF_WRITING;

import java.util.Arrays;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageTables;

/// Which entries are pinned, by whom, and on which frames: the hypervisor's own record, which no guest can write.
///
/// Pins are counted in `int`s: each but a copy's has a handle, and handles are limited ([MapTrack]).
final class ActiveGrants {
    private final GrantEntries entries;
    private final PageTables tables;
    private int[] readers = new int[0];
    private int[] writers = new int[0];
    private int[] grantees = new int[0];
    private long[] mfns = new long[0];
    private int partStart;
    private int partEnd;

    /// @param tables the granter's
    ActiveGrants(GrantEntries entries, PageTables tables) {
        this.entries = entries;
        this.tables = tables;
    }

    /// Makes room for `refs` entries.
    void grow(int refs) {
        readers = Arrays.copyOf(readers, refs);
        writers = Arrays.copyOf(writers, refs);
        grantees = Arrays.copyOf(grantees, refs);
        mfns = Arrays.copyOf(mfns, refs);
    }

    boolean isPinned(int ref) {
        return readers[ref] + writers[ref] != 0;
    }

    /// The frame of a pinned entry.
    long mfn(int ref) {
        return mfns[ref];
    }

    /// First byte of the page that the last [#pin] granted, and the one behind its last. Those of a copy may lie
    /// anywhere from 0 to 131070.
    int partStart() {
        return partStart;
    }

    int partEnd() {
        return partEnd;
    }

    /// Takes a pin for `grantee`.
    ///
    /// @param ref any number
    /// @return a `GNTST_` number, or [GrantTable#RETRY]
    int pin(int ref, int grantee, boolean writable, boolean mapping) {
        if (Integer.compareUnsigned(ref, entries.count()) >= 0) {
            return GNTST_BAD_GNTREF;
        }
        boolean pinned = isPinned(ref);
        if (pinned && grantees[ref] != grantee) {
            return GNTST_GENERAL_ERROR;
        }
        partStart = 0;
        partEnd = MachineMemory.PAGE_SIZE;
        if (!pinned || writable && writers[ref] == 0) {
            int rc = activate(ref, grantee, writable, mapping, pinned);
            if (rc != GNTST_OKAY) {
                return rc;
            }
        }
        pinAgain(ref, writable);
        return GNTST_OKAY;
    }

    /// One more pin like one that is there.
    void pinAgain(int ref, boolean writable) {
        if (writable) {
            writers[ref]++;
        } else {
            readers[ref]++;
        }
    }

    /// The first pin, or the first that writes.
    private int activate(int ref, int grantee, boolean writable, boolean mapping, boolean pinned) {
        int flags = entries.mark(ref, grantee, writable, mapping);
        if (flags < 0) {
            if (entries.version() == 2) {
                unmark(ref);
            }
            return flags;
        }
        if ((flags & GTF_SUB_PAGE) != 0) {
            partStart = entries.partOffset(ref);
            partEnd = partStart + entries.partLength(ref);
        }
        if (!pinned) {
            mfns[ref] = entries.frame(ref);
            grantees[ref] = grantee;
            if (tables.getReadable(mfns[ref]) < 0) {
                unmark(ref);
                return GNTST_BAD_PAGE;
            }
        }
        long rc = writable ? tables.getWritable(mfns[ref]) : 0;
        if (rc < 0) {
            if (!pinned) {
                tables.putReadable(mfns[ref]);
            }
            unmark(ref);
            return GrantTable.status(rc);
        }
        return GNTST_OKAY;
    }

    /// Gives a pin back.
    void unpin(int ref, boolean writable) {
        int[] pins = writable ? writers : readers;
        if (pins[ref] == 0) {
            throw new IllegalStateException("ref=" + ref + " is not pinned, writable=" + writable);
        }
        pins[ref]--;
        if (writable && writers[ref] == 0) {
            tables.putWritable(mfns[ref]);
        }
        if (!isPinned(ref)) {
            tables.putReadable(mfns[ref]);
        }
        unmark(ref);
    }

    /// Takes off the marks that no pin stands for. With none of either kind they may be a granter's own play.
    private void unmark(int ref) {
        int marks = (writers[ref] == 0 ? GTF_WRITING : 0) | (isPinned(ref) ? 0 : GTF_READING);
        if (marks != 0) {
            entries.clear(ref, marks);
        }
    }
}
