/// The validator: which machine frames a guest's page tables may name, and how.
///
/// A PV guest builds its own page tables out of machine frame numbers, and the processor follows them. Nothing else
/// confines the guest, so each entry is checked before the processor can see it. Rules: Xen's direct paging; numbers:
/// `xen/include/public/xen.h` (mmu_update, mmuext_op).
///
/// ## Words
/// - **mfn**: number of a 4 KiB machine frame; **entry**: 8 bytes of a page table; **entryMa**: its machine address.
/// - **level** 1–4: L1 entries map pages, L4 is what CR3 names. A **root** or **base** is an L4 in use.
/// - **type**: what a frame is used as ([PageType]). **Promotion** gives a frame a table's type.
/// - **pin**: a guest's wish that a table stay one while no entry names it. **Hold**: a reference no entry has.
/// - **upgrade**, **downgrade**: an entry gains or loses rights; only after a downgrade can the hardware be stale.
/// - **commit**: what makes the hardware forget older translations; **epoch**: the time between two commits.
///
/// ## The counts
/// Each frame has an owner, a type, and two counts. The *reference count* says how many entries and holds name the
/// frame at all; while it is not 0 the frame stays with its owner. The *type count* says how many of those rely on
/// its type; while it is not 0 the type stays. So typeCount ≤ refCount, and:
///
/// | who refers | type count | reference count |
/// |---|---|---|
/// | read-only L1 entry, [PageTables#getReadable] | | +1 |
/// | read-write L1 entry, [PageTables#getWritable] | +1 as writable | +1 |
/// | L2, L3, L4 entry | +1 as L1, L2, L3 | +1 |
/// | pin, base, [PageTables#getSegdesc] | +1 as the table | +1 |
/// | entry that names another table of its own level, read-only | +1 as that level | +1 |
/// | entry that names its own table, read-only | | |
/// | L4 slots 256–271 (the hypervisor's) | | |
///
/// The whole proof of safety is in that table. A frame has one type at a time, so what is a page table is not
/// writable, and what is writable is no page table: entries change only through [PageTables]. A table is validated
/// when its type count leaves 0, and from then on each change of it is checked, so its entries are always good. When
/// the count returns to 0, its entries drop what they held. Upper levels give the right to write but L1 entries are
/// counted alone: an L1 entry that is read-write counts as such even below a read-only L2 entry.
///
/// A table may map itself (a recursive or linear map) if that entry is read-only: the processor then sees the tables
/// as pages, without the right to write, and no count is needed. It may also map other tables of its level, if it is
/// not so mapped itself: the entry then holds them like any table, and no two can keep each other alive.
///
/// Frames lent by the hypervisor (shared_info, grant frames) have the type *shared* for good. The counts work, but no
/// promotion does; some may only be mapped read-only.
///
/// ## Stale translations
/// An entry that was removed or lost rights is gone from memory at once, but the hardware may know it until the next
/// commit. The frame it named may be free by its counts and writable by the hardware: were it promoted now, the guest
/// could write entries that nobody checked. The reverse is as bad: a frame that was a table may still be walked as one
/// after it became writable. So a frame is stamped with the epoch when its type count or its reference count reaches 0,
/// and when it gets a *different* type or leaves its owner with the stamp of an epoch that is not settled, the commit
/// comes first ([EntryWriter#commitBeforeReturn]; a running domain's answers no, and the call is repeated after one).
/// That is why a frame remembers its last type at count 0, even through a promotion that fails.
///
/// ## What the guest can do to us
/// Ask for anything, with any number, in any order; the answer is an errno and a [RefusalRecord], and nothing
/// changes, except that entries of a table refused half-way may have gained the User bit. A frame is validated once
/// however often it is named, and a call validates or dissolves 64 of them, then answers [PageTables#RETRY] ([Pieces]).
/// Recursion is as deep as there are levels, and one step more for each that maps others of its own. Counts are refused
/// before they overflow.
///
/// ## Who may call
/// The hypercalls (mmu_update, mmuext_op, update_va_mapping, set_gdt), the emulation of writes to page tables, the
/// first root's loading, and grants through the *owner's* [PageTables] once they can be mapped. Whoever stores into
/// guest memory otherwise goes through [PageWalk#translate] with the right to write, or holds the frame by
/// [PageTables#getWritable].
///
/// ## Locks
/// All of it under the lock of the domain that owns the frames, which the comments here call its mm lock; nothing here
/// locks. Two domains' locks are never needed at once. Frames without an owner belong to the allocator and its lock.
package xenolith.vmm.mm;
