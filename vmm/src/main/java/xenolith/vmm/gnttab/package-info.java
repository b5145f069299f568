/// Grant tables (`xen/grant_table.h`): how a domain lends single frames to others, and who uses which of them now.
///
/// ## Words
/// - **entry**: what the granter writes: to whom, which frame, for reading only or not. Version 1 has 8 bytes an
///   entry, version 2 has 16, and its *status words* stand in frames of their own.
/// - **ref**: the number of an entry. **Granter** owns the table, **grantee** is whom an entry names.
/// - **pin**: a use of an entry. A pinned entry's frame is held by the granter's [xenolith.vmm.mm.PageTables], for
///   reading by its first pin and for writing by its first writing pin; what the granter then does to the entry
///   changes nothing. `GTF_reading` and `GTF_writing` tell the granter of it.
/// - **handle**: what a mapping's owner gives back to end it. A mapping is one pin, or two if it is for devices too.
///
/// ## Who grants to whom
/// A machine holds one domain, so a domain can map and copy its own grants, those that name itself. Everybody else
/// who is granted something is domain 0: the backends, through [xenolith.vmm.port.GrantAccess]. A mapping's page-table
/// entry is an ordinary entry that the validator counts; the pin's hold comes on top, so a guest that overwrites the
/// entry leaks a handle of its own and no more.
///
/// ## Who may call
/// The grant-table hypercall; the machine, which seeds reserved entries; backends from their own threads.
///
/// ## Lock
/// The domain's, of which [GrantTable#backend] is told. The guest writes entries at any moment without a lock: an
/// entry's flags and domid are one 32-bit word and change by compare-and-set, the frame is read once, after it. Only
/// five such attempts are made, as in Xen.
///
/// ## What the guest can do to us
/// Write anything into the table, name any ref, handle or address: the answer is a `GNTST_` number or an errno.
/// Memory per domain is bounded by the table's frames (20 bytes for each possible ref) and by [MapTrack]'s limit.
///
/// Xen flushes TLBs before it clears the flags of an unmapped entry; we clear them first and flush before the calling
/// vcpu runs on. The granter is the grantee, so nobody else could be misled, and the validator's epochs keep a stale
/// translation from doing harm.
package xenolith.vmm.gnttab;
