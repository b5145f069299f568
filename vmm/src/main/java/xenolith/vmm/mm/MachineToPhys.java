package xenolith.vmm.mm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.vmm.guest.MachineMemory;

/// The machine-to-phys array (M2P): for each machine frame, the pfn its owner gave it.
///
/// Every guest of the machine may read it, so it holds nothing else. Guests index it by mfn; the segment begins at
/// [MachineMemory#BASE_MFN], so it is mapped [#GUEST_BYTE_OFFSET] above the address that guests are told. The
/// hypervisor believes no word of it: a guest sets the pfn of its own frames as it likes (MMU_MACHPHYS_UPDATE).
public final class MachineToPhys {
    /// Xen's INVALID_M2P_ENTRY: the frame is owned and has no pfn.
    public static final long INVALID = ~0L;
    /// What Xen leaves in the entries of free frames: no pfn, and a non-canonical address if used as one.
    public static final long UNOWNED = 0x5555_5555_5555_5555L;
    /// Where the first entry lies from the guest's point of view.
    public static final long GUEST_BYTE_OFFSET = MachineMemory.BASE_MFN * Long.BYTES;

    private final MemorySegment entries;
    private final long frameCount;

    /// Takes 8 bytes for each machine frame, and marks all unowned.
    public MachineToPhys(MemorySegment entries) {
        this.entries = entries;
        this.frameCount = entries.byteSize() / Long.BYTES;
        for (long i = 0; i < frameCount; i++) {
            entries.setAtIndex(ValueLayout.JAVA_LONG, i, UNOWNED);
        }
    }

    public boolean contains(long mfn) {
        return Long.compareUnsigned(mfn - MachineMemory.BASE_MFN, frameCount) < 0;
    }

    public long get(long mfn) {
        return entries.getAtIndex(ValueLayout.JAVA_LONG, mfn - MachineMemory.BASE_MFN);
    }

    public void set(long mfn, long pfn) {
        entries.setAtIndex(ValueLayout.JAVA_LONG, mfn - MachineMemory.BASE_MFN, pfn);
    }

    /// Whether the array as guests see it has `byteLength` bytes, at most 8, from `byteOffset` on. It has none for the
    /// addresses below the first machine frame.
    public boolean covers(long byteOffset, int byteLength) {
        long at = byteOffset - GUEST_BYTE_OFFSET;
        return at >= 0 && at <= entries.byteSize() - byteLength;
    }

    /// The little-endian number of `byteLength` bytes that [#covers] has, at any alignment.
    public long read(long byteOffset, int byteLength) {
        long at = byteOffset - GUEST_BYTE_OFFSET;
        long value = 0;
        for (int i = 0; i < byteLength; i++) {
            value |= (entries.get(ValueLayout.JAVA_BYTE, at + i) & 0xffL) << 8 * i;
        }
        return value;
    }

    /// The bytes, to be mapped read-only into guests.
    public MemorySegment segment() {
        return entries;
    }
}
