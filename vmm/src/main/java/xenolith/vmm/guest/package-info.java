/// Machine memory and who hands out its frames. A guest's *virtual* memory has one checked door, in
/// [xenolith.vmm.domain]: this package knows machine addresses alone.
///
/// Words: an **mfn** numbers a 4 KiB frame of machine memory and is what page tables hold; a **machine address**
/// (`ma`, also the guest-physical address of KVM) is `mfn << 12`; a **pfn** is the domain's own contiguous numbering.
///
/// Locks: [FrameAllocator]'s own monitor, else none. [MachineMemory] is shared by every thread; whoever writes a word
/// that the guest or another thread may write too uses the atomic forms.
package xenolith.vmm.guest;
