package xenolith.abi.io;

/// Names of ring formats, from xen/include/public/io/protocols.h: what a frontend writes as `protocol`.
///
/// A 32-bit guest packs some requests otherwise. A frontend that writes nothing means the native format, ours.
public final class IoProtocol {
    public static final String XEN_IO_PROTO_ABI_X86_32 = "x86_32-abi";
    public static final String XEN_IO_PROTO_ABI_X86_64 = "x86_64-abi";
    public static final String XEN_IO_PROTO_ABI_NATIVE = XEN_IO_PROTO_ABI_X86_64;

    private IoProtocol() {
    }
}
