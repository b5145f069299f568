package xenolith.vmm.image;

import java.util.List;
import java.util.OptionalLong;
import xenolith.abi.BadImageException;
import xenolith.abi.ElfImage;
import xenolith.abi.XenElfNote;

/// What a kernel tells a Xen domain builder of itself (`xen/include/public/elfnote.h`), judged and with the defaults
/// filled in.
///
/// @param guestOs "linux", "netbsd" …; "" if not said
/// @param xenVersion begins "xen-3.0"
/// @param loader "generic"; "" where guestOs alone decides
/// @param virtBase virtual address of the domain's pfn 0
/// @param paddrOffset what to take off a segment's `p_paddr` to get its pseudo-physical address
/// @param entry virtual address of the first instruction
/// @param hypercallPage virtual address of the page that wants the hypercall stubs; absent where the kernel executes
///     `syscall` itself, as Linux does since XSA-466
/// @param initP2m virtual address that wants the initial P2M list; absent: within the initial mapping
/// @param modStartPfn the initrd need not be mapped: `mod_start` may be a pfn
/// @param suspendCancel the suspend hypercall may return 1, "cancelled"
/// @param l1MfnValid how to tell L1 entries that hold an MFN although not present
/// @param hvStartLow lowest address at which the hypervisor's hole may begin; says nothing on x86-64
/// @param paeMode "yes", "no", "bimodal"; says nothing on x86-64
/// @param bsdSymtab the kernel wants its symbol table behind it
public record XenNotes(
        String guestOs,
        String guestVersion,
        String xenVersion,
        String loader,
        long virtBase,
        long paddrOffset,
        long entry,
        OptionalLong hypercallPage,
        OptionalLong initP2m,
        boolean modStartPfn,
        XenFeatures features,
        boolean suspendCancel,
        List<L1MfnValid> l1MfnValid,
        OptionalLong hvStartLow,
        String paeMode,
        boolean bsdSymtab) {

    private static final String VERSION = "xen-3.0";
    private static final String NO_PV_ENTRY = "this kernel has no Xen PV entry (CONFIG_XEN_PV): "
            + "use a kernel built with it, such as Debian's";

    /// An L1 entry `e` with `(e & mask) == value` holds an MFN.
    public record L1MfnValid(long mask, long value) {
    }

    public XenNotes {
        l1MfnValid = List.copyOf(l1MfnValid);
    }

    /// Reads the notes, or where there are none the `__xen_guest` section.
    ///
    /// Throws [BadKernelException] if there is neither, if one is malformed, if the kernel is for another Xen or
    /// another loader, or if it requires a feature that is not provided.
    public static XenNotes of(ElfImage elf) {
        try {
            XenNotes notes = NoteTable.read(elf)
                    .map(table -> fromNotes(table, elf.entry()))
                    .or(() -> LegacyGuestInfo.read(elf).map(info -> info.toNotes(elf.entry())))
                    .orElseThrow(() -> new BadKernelException(NO_PV_ENTRY));
            notes.check();
            return notes;
        } catch (BadImageException malformed) {
            throw new BadKernelException("this kernel is malformed: " + malformed.getMessage(), malformed);
        }
    }

    private static XenNotes fromNotes(NoteTable table, long elfEntry) {
        OptionalLong entry = table.number(XenElfNote.XEN_ELFNOTE_ENTRY);
        // A Linux without CONFIG_XEN_PV has notes all the same: its PVH entry, and with CONFIG_XEN its name.
        boolean pvhOnly = entry.isEmpty() && table.has(XenElfNote.XEN_ELFNOTE_PHYS32_ENTRY);
        if (pvhOnly) {
            throw new BadKernelException(NO_PV_ENTRY);
        }
        return new XenNotes(
                table.text(XenElfNote.XEN_ELFNOTE_GUEST_OS),
                table.text(XenElfNote.XEN_ELFNOTE_GUEST_VERSION),
                table.text(XenElfNote.XEN_ELFNOTE_XEN_VERSION),
                table.text(XenElfNote.XEN_ELFNOTE_LOADER),
                table.number(XenElfNote.XEN_ELFNOTE_VIRT_BASE, 0),
                table.number(XenElfNote.XEN_ELFNOTE_PADDR_OFFSET, 0),
                entry.orElse(elfEntry),
                table.number(XenElfNote.XEN_ELFNOTE_HYPERCALL_PAGE),
                table.number(XenElfNote.XEN_ELFNOTE_INIT_P2M),
                table.flag(XenElfNote.XEN_ELFNOTE_MOD_START_PFN),
                XenFeatures.parse(table.text(XenElfNote.XEN_ELFNOTE_FEATURES))
                        .withSupported(table.number(XenElfNote.XEN_ELFNOTE_SUPPORTED_FEATURES, 0)),
                table.flag(XenElfNote.XEN_ELFNOTE_SUSPEND_CANCEL),
                table.l1MfnValid(),
                table.number(XenElfNote.XEN_ELFNOTE_HV_START_LOW),
                table.text(XenElfNote.XEN_ELFNOTE_PAE_MODE),
                table.text(XenElfNote.XEN_ELFNOTE_BSD_SYMTAB).equals("yes"));
    }

    private void check() {
        if (xenVersion.isEmpty() && guestOs.isEmpty() && loader.isEmpty()) {
            throw new BadKernelException(NO_PV_ENTRY);
        }
        if (!xenVersion.startsWith(VERSION)) {
            throw new BadKernelException("this kernel is for the Xen interface \"%s\"; only \"%s\" is spoken here"
                    .formatted(printable(xenVersion), VERSION));
        }
        if (!loader.equals("generic") && !guestOs.startsWith("linux")) {
            throw new BadKernelException("this kernel wants the loader \"%s\" (guest OS \"%s\"); only \"generic\" is known"
                    .formatted(printable(loader), printable(guestOs)));
        }
    }

    /// The kernel's words go to the user's terminal: no control characters in them.
    static String printable(String text) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < Math.min(text.length(), 40); i++) {
            char c = text.charAt(i);
            shown.append(c >= ' ' && c <= '~' ? c : '?');
        }
        return shown.toString();
    }
}
