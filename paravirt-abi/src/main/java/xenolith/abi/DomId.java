package xenolith.abi;

/// A domain's number: `domid_t` of xen/include/public/xen.h, 16 bits of which the guest may use 15.
///
/// Across package borders and in tests; inside loops and arrays a raw `int domid`.
public record DomId(int value) implements Comparable<DomId> {
    /// The first number that names no domain of its own.
    public static final int DOMID_FIRST_RESERVED = 0x7FF0;
    /// The calling domain, whatever its number.
    public static final int DOMID_SELF = 0x7FF0;
    /// Owner of memory-mapped devices, as a foreign domain of page-table updates.
    public static final int DOMID_IO = 0x7FF1;
    /// Owner of the hypervisor's own shared frames.
    public static final int DOMID_XEN = 0x7FF2;
    /// Owner of copy-on-write frames.
    public static final int DOMID_COW = 0x7FF3;
    /// No domain.
    public static final int DOMID_INVALID = 0x7FF4;
    /// The idle domain.
    public static final int DOMID_IDLE = 0x7FFF;
    /// All valid bits.
    public static final int DOMID_MASK = 0x7FFF;

    public DomId {
        if (value < 0 || value > 0xFFFF) {
            throw new IllegalArgumentException("domid=" + value + " is not 16 bits");
        }
    }

    /// Whether this names one domain, and is none of the `DOMID_` words.
    public boolean isOrdinary() {
        return value < DOMID_FIRST_RESERVED;
    }

    @Override
    public int compareTo(DomId other) {
        return Integer.compare(value, other.value);
    }

    @Override
    public String toString() {
        return "d" + value;
    }
}
