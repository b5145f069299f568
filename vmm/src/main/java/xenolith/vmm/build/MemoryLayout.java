package xenolith.vmm.build;

import xenolith.abi.x86.VirtualLayout;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.image.BadKernelException;
import xenolith.vmm.image.KernelLayout;
import xenolith.vmm.image.XenNotes;

/// The plan of a domain's pseudo-physical memory, in pfns: kernel, initrd if it is mapped, P2M if the kernel names no
/// place for it, `start_info`, xenstore ring, console ring, page tables, boot stack, at least 512 KiB of padding to a
/// multiple of 4 MiB; then, unmapped, the initrd and the P2M with its tables.
record MemoryLayout(long virtBase, long kernelEndPfn, long initrdPfn, long p2mPfn, long startInfoPfn, long tablesPfn,
        long tablesEndPfn, long mappedEndPfn, long p2mTablesPfn, long endPfn, long p2mVa) {
    private static final long PAGE = MachineMemory.PAGE_SIZE;
    private static final long PADDING = 512 << 10;
    private static final long ROUND = 4 << 20;

    static MemoryLayout plan(KernelLayout kernel, XenNotes notes, long frameCount, long initrdBytes) {
        long initrdPages = pages(initrdBytes);
        long p2mPages = pages(frameCount * Long.BYTES);
        boolean initrdMapped = !notes.modStartPfn();
        boolean p2mMapped = notes.initP2m().isEmpty();
        long pfn = kernel.endPfn();
        long initrdPfn = pfn;
        if (initrdMapped) {
            pfn += initrdPages;
        }
        long p2mPfn = pfn;
        if (p2mMapped) {
            pfn += p2mPages;
        }
        long startInfoPfn = pfn;
        long tablesPfn = startInfoPfn + 3;
        long virtBase = kernel.virtBase();
        long mappedEnd = roundUp(virtBase + tablesPfn * PAGE);
        long tables;
        while (true) {
            checkMapped(virtBase, mappedEnd - virtBase);
            tables = 1 + InitialTables.tablesFor(virtBase, mappedEnd);
            long needed = roundUp(virtBase + (tablesPfn + tables + 1) * PAGE + PADDING);
            // Compared as distances: the region may end where the address space does.
            if (needed - virtBase <= mappedEnd - virtBase) {
                break;
            }
            mappedEnd = needed;
        }
        long mappedEndPfn = (mappedEnd - virtBase) / PAGE;
        pfn = mappedEndPfn;
        if (!initrdMapped) {
            initrdPfn = pfn;
            pfn += initrdPages;
        }
        long p2mVa = virtBase + p2mPfn * PAGE;
        long p2mTablesPfn = pfn;
        if (!p2mMapped) {
            p2mPfn = pfn;
            p2mTablesPfn = p2mPfn + p2mPages;
            p2mVa = notes.initP2m().getAsLong();
            checkP2m(p2mVa, p2mPages * PAGE, virtBase, mappedEnd - virtBase);
            pfn = p2mTablesPfn + InitialTables.tablesFor(p2mVa, p2mVa + p2mPages * PAGE);
        }
        MemoryLayout layout = new MemoryLayout(virtBase, kernel.endPfn(), initrdPfn, p2mPfn, startInfoPfn, tablesPfn,
                tablesPfn + tables, mappedEndPfn, p2mTablesPfn, pfn, p2mVa);
        layout.check(frameCount, initrdBytes);
        return layout;
    }

    private static void checkMapped(long virtBase, long byteLength) {
        if (!VirtualLayout.isGuestRange(virtBase, byteLength)) {
            throw new BadKernelException("the kernel wants %d MiB mapped from %#x on, more than there is room for"
                    .formatted(byteLength >> 20, virtBase));
        }
    }

    private static void checkP2m(long p2mVa, long byteLength, long virtBase, long mappedBytes) {
        boolean overlaps = Long.compareUnsigned(p2mVa - virtBase, mappedBytes) < 0
                || Long.compareUnsigned(virtBase - p2mVa, byteLength) < 0;
        if (overlaps || !VirtualLayout.isGuestRange(p2mVa, byteLength)) {
            throw new BadKernelException("the kernel wants its P2M list of %d KiB at %#x, where there is no room for it"
                    .formatted(byteLength >> 10, p2mVa));
        }
    }

    private void check(long frameCount, long initrdBytes) {
        if (endPfn > frameCount) {
            throw new BadKernelException("the kernel" + (initrdBytes == 0 ? "" : " and its initrd") + " need at least "
                    + (endPfn * PAGE + (1 << 20) - 1 >> 20) + " MiB to start, the domain has "
                    + (frameCount * PAGE >> 20) + " MiB; give it more with --memory");
        }
    }

    long storePfn() {
        return startInfoPfn + 1;
    }

    long consolePfn() {
        return startInfoPfn + 2;
    }

    /// The page after the tables.
    long stackPfn() {
        return tablesEndPfn;
    }

    long va(long pfn) {
        return virtBase + pfn * PAGE;
    }

    static long pages(long byteLength) {
        return (byteLength + PAGE - 1) / PAGE;
    }

    private static long roundUp(long va) {
        return va + ROUND - 1 & -ROUND;
    }
}
