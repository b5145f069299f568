/// Machine memory and the one checked door to a guest's virtual memory.
///
/// Words: an **mfn** numbers a 4 KiB frame of machine memory and is what page tables hold; a **machine address**
/// (`ma`, also the guest-physical address of KVM) is `mfn << 12`; a **pfn** is the domain's own contiguous numbering.
///
/// Locks: none. [MachineMemory] is shared by every thread; whoever writes a word that the guest or another thread
/// may write too uses the atomic forms.
package xenolith.vmm.guest;
