package xenolith.vmm.gnttab;

import static xenolith.abi.XenGrantTable.GNTMAP_CONTAINS_PTE;
import static xenolith.abi.XenGrantTable.GNTMAP_DEVICE_MAP;
import static xenolith.abi.XenGrantTable.GNTMAP_HOST_MAP;
import static xenolith.abi.XenGrantTable.GNTMAP_READONLY;
import static xenolith.abi.XenGrantTable.GNTST_BAD_GNTREF;
import static xenolith.abi.XenGrantTable.GNTST_BAD_HANDLE;
import static xenolith.abi.XenGrantTable.GNTST_GENERAL_ERROR;
import static xenolith.abi.XenGrantTable.GNTST_NO_DEVICE_SPACE;
import static xenolith.abi.XenGrantTable.GNTST_OKAY;

import xenolith.abi.x86.Pte;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageTables;

/// The mappings a domain makes of its own grants: `GNTTABOP_map_grant_ref`, `unmap_grant_ref` and
/// `unmap_and_replace`.
///
/// As Xen does for PV guests, a mapping for devices changes nothing but the counts: machine addresses are what a
/// device would use. A host mapping is put into a level-1 entry that the domain names by its own machine address or
/// by a virtual one.
public final class GrantMap {
    /// Xen allows 1024 frames of its own handles; ours is less and still twice the refs of a full table.
    static final int HANDLES = 1 << 16;

    private static final int AVAIL_SHIFT_FROM = 16;
    private static final int AVAIL_SHIFT_TO = 9;
    private static final long NO_ENTRY = -1;

    private final MachineMemory memory;
    private final PageTables tables;
    private final ActiveGrants active;
    private final MapTrack track = new MapTrack(HANDLES);

    GrantMap(MachineMemory memory, PageTables tables, ActiveGrants active) {
        this.memory = memory;
        this.tables = tables;
        this.active = active;
    }

    /// Maps entry `ref` for its own granter.
    ///
    /// @param rootMfn under which `hostAddr` is looked up, unless it is a machine address
    /// @param flags `GNTMAP_`
    /// @return a handle of 0 or more, a `GNTST_` number, or [GrantTable#RETRY]
    public int map(long rootMfn, long hostAddr, int flags, int ref) {
        int kinds = flags & MapTrack.KINDS;
        if (kinds == 0) {
            return GNTST_BAD_GNTREF;
        }
        if (track.isFull()) {
            return GNTST_NO_DEVICE_SPACE;
        }
        boolean writable = isWritable(flags);
        int rc = active.pin(ref, tables.domid(), writable, true);
        if (rc != GNTST_OKAY) {
            return rc;
        }
        if ((kinds & GNTMAP_HOST_MAP) != 0) {
            rc = writeEntry(entryMa(rootMfn, hostAddr, flags), entry(ref, flags));
            if (rc != GNTST_OKAY) {
                active.unpin(ref, writable);
                return rc;
            }
        }
        if (kinds == MapTrack.KINDS) {
            active.pinAgain(ref, writable);
        }
        return track.add(ref, flags);
    }

    /// The machine address behind a handle in use.
    public long busAddress(int handle) {
        return active.mfn(track.ref(handle)) << MachineMemory.PAGE_SHIFT;
    }

    /// Ends a mapping: the host's if `hostAddr` is not 0, the device's if `devBusAddr` is not.
    ///
    /// @return a `GNTST_` number or [GrantTable#RETRY]
    public int unmap(long rootMfn, long hostAddr, long devBusAddr, int handle) {
        return unmap(rootMfn, hostAddr, devBusAddr, 0, handle);
    }

    /// Ends a host mapping and puts into its place the entry that maps `newAddr`, which is emptied. With `newAddr` 0
    /// the place stays empty.
    public int unmapAndReplace(long rootMfn, long hostAddr, long newAddr, int handle) {
        return unmap(rootMfn, hostAddr, 0, newAddr, handle);
    }

    private int unmap(long rootMfn, long hostAddr, long devBusAddr, long newAddr, int handle) {
        int flags = track.flags(handle);
        if (flags == 0) {
            return GNTST_BAD_HANDLE;
        }
        int ref = track.ref(handle);
        if (devBusAddr != 0 && devBusAddr != busAddress(handle)) {
            return GNTST_GENERAL_ERROR;
        }
        boolean writable = isWritable(flags);
        int done = 0;
        if (hostAddr != 0 && (flags & GNTMAP_HOST_MAP) != 0) {
            int rc = unmapHost(rootMfn, hostAddr, newAddr, flags, active.mfn(ref));
            if (rc != GNTST_OKAY) {
                return rc;
            }
            active.unpin(ref, writable);
            done |= GNTMAP_HOST_MAP;
        }
        if (devBusAddr != 0 && (flags & GNTMAP_DEVICE_MAP) != 0) {
            active.unpin(ref, writable);
            done |= GNTMAP_DEVICE_MAP;
        }
        if (done != 0) {
            track.drop(handle, done);
        }
        return GNTST_OKAY;
    }

    private int unmapHost(long rootMfn, long hostAddr, long newAddr, int flags, long mfn) {
        if (newAddr != 0 && (flags & GNTMAP_CONTAINS_PTE) != 0) {
            return GNTST_GENERAL_ERROR;
        }
        long entryMa = entryMa(rootMfn, hostAddr, flags);
        if (entryMa == NO_ENTRY || !maps(memory.readWord(entryMa), mfn)) {
            return GNTST_GENERAL_ERROR;
        }
        if (newAddr == 0) {
            return writeEntry(entryMa, 0);
        }
        long newEntryMa = entryMa(rootMfn, newAddr, 0);
        if (newEntryMa == NO_ENTRY) {
            return GNTST_GENERAL_ERROR;
        }
        int rc = writeEntry(entryMa, memory.readWord(newEntryMa));
        return rc == GNTST_OKAY ? writeEntry(newEntryMa, 0) : rc;
    }

    private static boolean maps(long entry, long mfn) {
        return Pte.isPresent(entry) && Pte.mfn(entry) == mfn;
    }

    /// The level-1 entry that an address means, in a table that the validator knows.
    private long entryMa(long rootMfn, long hostAddr, int flags) {
        long ma = hostAddr;
        if ((flags & GNTMAP_CONTAINS_PTE) == 0) {
            ma = tables.leafEntryMa(rootMfn, hostAddr);
        }
        return (ma & Pte.SIZEOF - 1) == 0 && tables.isLiveL1(ma) ? ma : NO_ENTRY;
    }

    private int writeEntry(long entryMa, long value) {
        return entryMa == NO_ENTRY ? GNTST_GENERAL_ERROR
                : GrantTable.status(tables.updateEntry(entryMa, value, false));
    }

    private long entry(int ref, int flags) {
        long bits = Pte.PRESENT | Pte.USER | Pte.ACCESSED | Pte.DIRTY
                | (long) (flags >>> AVAIL_SHIFT_FROM) << AVAIL_SHIFT_TO & Pte.AVAIL_LOW;
        return Pte.of(active.mfn(ref), isWritable(flags) ? bits | Pte.RW : bits);
    }

    private static boolean isWritable(int flags) {
        return (flags & GNTMAP_READONLY) == 0;
    }

    /// Handles in use.
    public int mappings() {
        return track.used();
    }

    /// Gives every pin back; the entries in page tables are the validator's to drop.
    void release() {
        for (int handle = 0; handle < track.end(); handle++) {
            int kinds = track.flags(handle) & MapTrack.KINDS;
            for (int i = Integer.bitCount(kinds); i > 0; i--) {
                active.unpin(track.ref(handle), isWritable(track.flags(handle)));
            }
            if (kinds != 0) {
                track.drop(handle, kinds);
            }
        }
    }
}
