/// What the processor and Xen's x86 interface fix together: page-table entries, the split of the address space,
/// descriptors, vectors, the memory map.
///
/// **Headers.** xen/include/public/arch-x86/xen.h and arch-x86/xen-x86_64.h; the rest is the processor manual's.
///
/// **Who may call.** Everyone. Pure functions over `long` and `int`, for loops that must not allocate.
///
/// **Locks.** None; no state.
///
/// **What the guest can do to us.** The values are often the guest's. Nothing here refuses any: these functions only
/// take values apart. What an entry or a descriptor may hold is the validator's judgement.
package xenolith.abi.x86;
