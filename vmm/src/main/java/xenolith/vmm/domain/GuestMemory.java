package xenolith.vmm.domain;

import java.lang.foreign.MemorySegment;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageTables;

/// The one door to a guest kernel's virtual memory: copies in and out, page by page, through its own page tables.
///
/// A hypercall's argument is copied in once and the copy is what gets checked, for the guest may change the original
/// meanwhile. Addresses in the hypervisor's hole are refused by the walk.
///
/// Lock: the domain's, since page tables must stand still during a walk.
public final class GuestMemory {
    private static final long PAGE_MASK = MachineMemory.PAGE_SIZE - 1;

    private final MachineMemory memory;
    private final PageTables tables;

    GuestMemory(MachineMemory memory, PageTables tables) {
        this.memory = memory;
        this.tables = tables;
    }

    /// Copies `byteLength` bytes at guest address `va` to `to`; false if any of it is not mapped.
    public boolean copyIn(long rootMfn, long va, MemorySegment to, long toOffset, long byteLength) {
        long done = 0;
        while (done < byteLength) {
            long ma = tables.translate(rootMfn, va + done, false);
            if (ma < 0) {
                return false;
            }
            long chunk = Math.min(byteLength - done, MachineMemory.PAGE_SIZE - (ma & PAGE_MASK));
            MemorySegment.copy(memory.segment(), MachineMemory.offset(ma), to, toOffset + done, chunk);
            done += chunk;
        }
        return true;
    }

    /// Copies to guest address `va`; false, with part of it perhaps done, if any of it is not mapped writable.
    public boolean copyOut(long rootMfn, long va, MemorySegment from, long fromOffset, long byteLength) {
        long done = 0;
        while (done < byteLength) {
            long ma = tables.translate(rootMfn, va + done, true);
            if (ma < 0) {
                return false;
            }
            long chunk = Math.min(byteLength - done, MachineMemory.PAGE_SIZE - (ma & PAGE_MASK));
            MemorySegment.copy(from, fromOffset + done, memory.segment(), MachineMemory.offset(ma), chunk);
            done += chunk;
        }
        return true;
    }

    /// The byte at guest address `va`, or -1.
    public int readByte(long rootMfn, long va) {
        long ma = tables.translate(rootMfn, va, false);
        return ma < 0 ? -1 : memory.readByte(ma) & 0xff;
    }

    /// Copies up to `byteLength` bytes, stopping where nothing is mapped; says how many there were.
    public int copyInWhatIsThere(long rootMfn, long va, byte[] to, int byteLength) {
        for (int i = 0; i < byteLength; i++) {
            int value = readByte(rootMfn, va + i);
            if (value < 0) {
                return i;
            }
            to[i] = (byte) value;
        }
        return byteLength;
    }
}
