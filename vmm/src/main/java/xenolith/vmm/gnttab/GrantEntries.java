package xenolith.vmm.gnttab;

import static xenolith.abi.XenGrantTable.GTF_PERMIT_ACCESS;
import static xenolith.abi.XenGrantTable.GTF_READING;
import static xenolith.abi.XenGrantTable.GTF_READONLY;
import static xenolith.abi.XenGrantTable.GTF_SUB_PAGE;
import static xenolith.abi.XenGrantTable.GTF_TYPE_MASK;
import static xenolith.abi.XenGrantTable.GTF_WRITING;

import java.lang.foreign.MemorySegment;
import xenolith.abi.SharedWord;
import xenolith.abi.XenGrantTable;
import xenolith.abi.XenGrantTable.EntryV1;
import xenolith.abi.XenGrantTable.EntryV2;
import xenolith.vmm.guest.MachineMemory;

/// The shared words of a table of either version: reads what the granter wrote, and marks what is in use.
///
/// Callers have checked `ref` against [#count].
final class GrantEntries {
    /// A granter that keeps changing an entry while we mark it does so on purpose.
    private static final int ATTEMPTS = 5;
    private static final int FLAGS_MASK = 0xffff;
    private static final int DOMID_SHIFT = 16;

    private final GrantFrames frames;
    private final MemorySegment shared;
    private final MemorySegment status;
    private int version = 1;

    GrantEntries(GrantFrames frames) {
        this.frames = frames;
        this.shared = frames.shared();
        this.status = frames.status();
    }

    int version() {
        return version;
    }

    /// How many entries the table has now.
    int count() {
        return frames.sharedCount() * (int) (MachineMemory.PAGE_SIZE / (version == 1 ? EntryV1.SIZEOF : EntryV2.SIZEOF));
    }

    /// Marks an entry as read, and as written too if `writable`, if it grants that to `domid`. For a mapping it must
    /// grant a whole page.
    ///
    /// @return the entry's flags, or `GNTST_general_error`; then marks may have been left, see [#clear]
    int mark(int ref, int domid, boolean writable, boolean mapping) {
        int marks = writable ? GTF_READING | GTF_WRITING : GTF_READING;
        return version == 1 ? markV1(ref, domid, writable, marks) : markV2(ref, domid, writable, mapping, marks);
    }

    private int markV1(int ref, int domid, boolean writable, int marks) {
        long at = ref * EntryV1.SIZEOF;
        for (int i = 0; i < ATTEMPTS; i++) {
            int word = EntryV1.flagsAndDomid(shared, at);
            if (!permits(word, domid, writable, GTF_TYPE_MASK)) {
                return XenGrantTable.GNTST_GENERAL_ERROR;
            }
            if (EntryV1.compareAndSetFlagsAndDomid(shared, at, word, word | marks)) {
                // Version 1 knows no parts of pages: the bit means nothing.
                return word & FLAGS_MASK & ~GTF_SUB_PAGE;
            }
        }
        return XenGrantTable.GNTST_GENERAL_ERROR;
    }

    /// The granter revokes by clearing its flags and then reading the status; we set the status and then read the
    /// flags once more, so one of us sees the other.
    private int markV2(int ref, int domid, boolean writable, boolean mapping, int marks) {
        long at = ref * EntryV2.SIZEOF;
        int kind = mapping ? GTF_TYPE_MASK | GTF_SUB_PAGE : GTF_TYPE_MASK;
        int word = EntryV2.flagsAndDomid(shared, at);
        if (!permits(word, domid, writable, kind)) {
            return XenGrantTable.GNTST_GENERAL_ERROR;
        }
        SharedWord.getAndOrInt(status, statusWord(ref), marks << statusShift(ref));
        word = EntryV2.flagsAndDomid(shared, at);
        return permits(word, domid, writable, kind) ? word & FLAGS_MASK : XenGrantTable.GNTST_GENERAL_ERROR;
    }

    private static boolean permits(int word, int domid, boolean writable, int kind) {
        return (word & kind) == GTF_PERMIT_ACCESS && word >>> DOMID_SHIFT == domid
                && !(writable && (word & GTF_READONLY) != 0);
    }

    /// Takes the `marks`, of `GTF_reading` and `GTF_writing`, off an entry.
    void clear(int ref, int marks) {
        if (version == 1) {
            SharedWord.getAndClearInt(shared, ref * EntryV1.SIZEOF, marks);
        } else {
            SharedWord.getAndClearInt(status, statusWord(ref), marks << statusShift(ref));
        }
    }

    /// The frame that an entry grants: any number.
    long frame(int ref) {
        return version == 1 ? Integer.toUnsignedLong(EntryV1.frame(shared, ref * EntryV1.SIZEOF))
                : EntryV2.frame(shared, ref * EntryV2.SIZEOF);
    }

    /// First byte of a sub-page grant, 0 to 65535.
    int partOffset(int ref) {
        return EntryV2.pageOff(shared, ref * EntryV2.SIZEOF);
    }

    int partLength(int ref) {
        return EntryV2.length(shared, ref * EntryV2.SIZEOF);
    }

    void grant(int ref, int domid, long mfn) {
        long at = ref * EntryV1.SIZEOF;
        EntryV1.domid(shared, at, domid);
        EntryV1.frame(shared, at, (int) mfn);
        EntryV1.flags(shared, at, GTF_PERMIT_ACCESS);
    }

    /// Exchanges two entries that nobody uses.
    void swap(int a, int b) {
        long size = version == 1 ? EntryV1.SIZEOF : EntryV2.SIZEOF;
        for (long i = 0; i < size; i += Integer.BYTES) {
            int word = SharedWord.getIntOpaque(shared, a * size + i);
            SharedWord.setIntOpaque(shared, a * size + i, SharedWord.getIntOpaque(shared, b * size + i));
            SharedWord.setIntOpaque(shared, b * size + i, word);
        }
    }

    // ---- versions

    /// Goes over to the other version: the reserved entries are kept, all others cleared.
    void changeVersion(int newVersion, ReservedEntries reserved) {
        reserved.save(shared, status, version);
        shared.asSlice(0, (long) frames.sharedCount() << MachineMemory.PAGE_SHIFT).fill((byte) 0);
        version = newVersion;
        reserved.restore(shared, status, newVersion);
    }

    /// Two status words share the 32 bits that can be changed at once.
    private static long statusWord(int ref) {
        return ref * EntryV2.STATUS_SIZEOF & -Integer.BYTES;
    }

    private static int statusShift(int ref) {
        return (ref & 1) << 4;
    }
}
