/// The ABI floor: Xen's public interface as layouts and numbers. Pure: no I/O, no native calls, no threads.
module xenolith.abi {
    exports xenolith.abi;
    exports xenolith.abi.io;
    exports xenolith.abi.x86;
}
