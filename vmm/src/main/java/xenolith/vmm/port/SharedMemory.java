package xenolith.vmm.port;

import java.lang.foreign.MemorySegment;

/// A domain's memory as other processes can be given it: a descriptor to be mapped, and where its pages lie in that.
public interface SharedMemory {
    /// The number of a descriptor that is valid for as long as the domain lives. What is mapped of it stays mapped in
    /// other processes, whatever the domain does. It holds nothing but the guest's pages, its page tables among them, and
    /// its size is sealed.
    int descriptor();

    /// How many bytes the descriptor's file holds.
    long byteLength();

    /// Where a page of the guest's, as a [GrantAccess] gave it out, lies in the descriptor's file, in bytes. A page of the
    /// hypervisor's, which the guest may grant too, lies behind the file's end.
    long offsetOf(MemorySegment page);
}
