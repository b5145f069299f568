package xenolith.abi;

/// A pseudo-physical frame number: where a frame stands in the guest's own idea of its memory, from 0 without holes.
///
/// The guest's phys-to-machine list turns it into an mfn, the machine-to-phys array turns it back.
public record Pfn(long value) {
    /// No pfn, as an entry of either list.
    public static final long INVALID = -1L;

    @Override
    public String toString() {
        return "pfn 0x" + Long.toHexString(value);
    }
}
