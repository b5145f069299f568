package xenolith.abi;

/// An index into a domain's grant table: `grant_ref_t` of xen/include/public/grant_table.h, unsigned.
public record GrantRef(int value) {
    @Override
    public String toString() {
        return "gref " + Integer.toUnsignedString(value);
    }
}
