package xenolith.vmm.port;

import java.lang.foreign.MemorySegment;

/// A domain's memory as other processes can be given it: a descriptor to be mapped, and where its pages lie in that.
public interface SharedMemory {
    /// The number of a descriptor that is valid for as long as the domain lives. What is mapped of it stays mapped in
    /// other processes, whatever the domain does. Behind [#byteLength] it holds what is not the guest's.
    int descriptor();

    /// How many bytes from the start of the descriptor's file hold the guest's pages.
    long byteLength();

    /// Where a page of the guest's, as a [GrantAccess] gave it out, lies in the descriptor's file, in bytes.
    long offsetOf(MemorySegment page);
}
