package xenolith.vmm.image;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import xenolith.abi.ElfImage;
import xenolith.abi.x86.VirtualLayout;

/// Where a kernel's segments go: a computation, no memory is touched.
///
/// A domain's virtual region begins with pfn 0 at VIRT_BASE and is mapped one to one. Segments are placed by their
/// physical address, never by `p_vaddr`: Linux's per-CPU segment has `p_vaddr` 0. So a segment lies at
/// VIRT_BASE + `p_paddr` − PADDR_OFFSET.
///
/// @param segments in ascending order, without overlap; two may share a page
/// @param virtKstart where the first begins
/// @param virtKend one past the last byte of the last
public record KernelLayout(List<Segment> segments, long virtBase, long virtKstart, long virtKend, long entry) {
    /// How far from pfn 0 a kernel may reach. Far more than any needs, and small enough that no sum here wraps.
    static final long MAX_SPAN = 64L << 30;
    private static final int PAGE_SHIFT = VirtualLayout.PAGE_SHIFT;
    private static final long PAGE_SIZE = VirtualLayout.PAGE_SIZE;

    /// Copy `fileBytes` from `fileOffset` of the image to `va`; the rest of `memoryBytes` is zero.
    public record Segment(long fileOffset, long fileBytes, long memoryBytes, long va) {
    }

    public KernelLayout {
        segments = List.copyOf(segments);
    }

    /// Places the loadable segments of `elf`.
    ///
    /// Throws [BadKernelException] if there are none, if they overlap or reach too far, if an address that the notes
    /// name lies where it cannot, or if the region touches the hypervisor's part of the address space.
    public static KernelLayout of(ElfImage elf, XenNotes notes) {
        requireAligned("VIRT_BASE", notes.virtBase());
        List<Segment> segments = place(elf, notes);
        Segment first = segments.getFirst();
        Segment last = segments.getLast();
        KernelLayout layout = new KernelLayout(
                segments, notes.virtBase(), first.va, last.va + last.memoryBytes, notes.entry());
        layout.check(notes);
        return layout;
    }

    /// The page frame number at `va`, an address of the region.
    public long pfnOf(long va) {
        return va - virtBase >>> PAGE_SHIFT;
    }

    /// How far `segment` lies behind the first byte of pfn 0.
    public long offsetOf(Segment segment) {
        return segment.va - virtBase;
    }

    /// The pfn of the kernel's first page.
    public long firstPfn() {
        return pfnOf(virtKstart);
    }

    /// One past the pfn of the kernel's last page.
    public long endPfn() {
        return pfnOf(virtKend + PAGE_SIZE - 1);
    }

    public long pageCount() {
        return endPfn() - firstPfn();
    }

    private static List<Segment> place(ElfImage elf, XenNotes notes) {
        List<Segment> segments = new ArrayList<>();
        for (ElfImage.ProgramHeader header : elf.programHeaders()) {
            if (header.isLoad() && header.memsz() != 0) {
                segments.add(place(header, notes));
            }
        }
        if (segments.isEmpty()) {
            throw new BadKernelException("this kernel has nothing to load: no segment of type PT_LOAD");
        }
        segments.sort(Comparator.comparingLong(segment -> segment.va - notes.virtBase()));
        for (int i = 1; i < segments.size(); i++) {
            Segment before = segments.get(i - 1);
            if (segments.get(i).va - before.va < before.memoryBytes) {
                throw new BadKernelException("this kernel's segments overlap at %#x".formatted(segments.get(i).va));
            }
        }
        return segments;
    }

    private static Segment place(ElfImage.ProgramHeader header, XenNotes notes) {
        long offset = header.paddr() - notes.paddrOffset();
        if (Long.compareUnsigned(offset, MAX_SPAN) >= 0
                || Long.compareUnsigned(header.memsz(), MAX_SPAN - offset) > 0) {
            throw new BadKernelException(("this kernel wants %#x bytes at pseudo-physical address %#x, "
                    + "which is beyond %d GiB").formatted(header.memsz(), offset, MAX_SPAN >> 30));
        }
        return new Segment(header.offset(), header.filesz(), header.memsz(), notes.virtBase() + offset);
    }

    private void check(XenNotes notes) {
        long regionEnd = virtKend - virtBase;
        if (!VirtualLayout.isGuestRange(virtBase, regionEnd)) {
            throw new BadKernelException("this kernel wants to lie at %#x–%#x, where no guest may"
                    .formatted(virtBase, virtKend));
        }
        if (!isInKernel(entry)) {
            throw new BadKernelException("this kernel's entry %#x is outside of it (%#x–%#x)"
                    .formatted(entry, virtKstart, virtKend));
        }
        notes.hypercallPage().ifPresent(page -> {
            requireAligned("HYPERCALL_PAGE", page);
            if (!isInKernel(page) || !isInKernel(page + PAGE_SIZE - 1)) {
                throw new BadKernelException("this kernel's HYPERCALL_PAGE %#x is outside of it (%#x–%#x)"
                        .formatted(page, virtKstart, virtKend));
            }
        });
        checkInitP2m(notes.initP2m());
    }

    private void checkInitP2m(OptionalLong initP2m) {
        if (initP2m.isEmpty()) {
            return;
        }
        long va = initP2m.getAsLong();
        requireAligned("INIT_P2M", va);
        if (!VirtualLayout.isGuestAddress(va) || va - virtBase >= 0 && va - virtBase < virtKend - virtBase) {
            throw new BadKernelException("this kernel wants its P2M list at %#x, where it cannot be".formatted(va));
        }
    }

    private boolean isInKernel(long va) {
        return Long.compareUnsigned(va - virtKstart, virtKend - virtKstart) < 0;
    }

    private static void requireAligned(String note, long va) {
        if ((va & PAGE_SIZE - 1) != 0) {
            throw new BadKernelException("this kernel's %s %#x is not at the start of a page".formatted(note, va));
        }
    }
}
