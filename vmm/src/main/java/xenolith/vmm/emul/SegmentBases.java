package xenolith.vmm.emul;

/// Bases of the two segments that 64-bit mode still adds to an address. Asked only for an instruction with an FS or GS
/// prefix, since the answer may cost a call into the host.
public interface SegmentBases {
    long fsBase();

    long gsBase();
}
