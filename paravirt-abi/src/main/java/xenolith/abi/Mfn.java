package xenolith.abi;

/// A machine frame number: `xen_pfn_t` as page tables, grants and start_info hold it.
///
/// Unique across the machine; the machine address is the number times 4096. Across package borders and in tests;
/// inside loops and arrays a raw `long mfn`.
public record Mfn(long value) {
    /// No frame: all ones, as Xen's `INVALID_MFN`.
    public static final long INVALID = -1L;

    @Override
    public String toString() {
        return "mfn 0x" + Long.toHexString(value);
    }
}
