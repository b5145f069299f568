package xenolith.abi;

/// A frame number as a guest names it in an interface that says gfn.
///
/// For a paravirtual guest this is the mfn; it has a type of its own where the header keeps the two words apart
/// (`control_gfn`, `gmfn`).
public record Gfn(long value) {
    @Override
    public String toString() {
        return "gfn 0x" + Long.toHexString(value);
    }
}
