package xenolith.vmm.build;

import java.lang.foreign.MemorySegment;
import xenolith.abi.XenStartInfo;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.image.KernelImage;
import xenolith.vmm.image.KernelLayout;
import xenolith.vmm.image.XenNotes;
import xenolith.vmm.mm.MachineToPhys;

/// Lays one kernel into a domain's frames.
public final class DomainBuilder {
    private static final int PAGE = MachineMemory.PAGE_SIZE;
    private static final int STUB_BYTES = 32;
    private static final int HYPERCALLS = 128;
    private static final int IRET = 23;

    private final MachineMemory memory;
    private final PseudoPhysical frames;
    private final MachineToPhys m2p;

    public DomainBuilder(MachineMemory memory, PseudoPhysical frames, MachineToPhys m2p) {
        this.memory = memory;
        this.frames = frames;
        this.m2p = m2p;
    }

    /// What the guest is told beside its memory.
    ///
    /// @param initrd its bytes, empty for none
    /// @param cmdline without a terminating zero, at most 1023 bytes
    /// @param sharedInfoMa machine address of the shared info
    /// @param storePort xenstore's event channel
    /// @param consolePort the console's
    public record Guest(MemorySegment initrd, String cmdline, long sharedInfoMa, int storePort, int consolePort) {
    }

    /// @throws xenolith.vmm.image.BadKernelException if it has no PV entry or does not fit
    public StartOfDay build(KernelImage image, Guest guest) {
        XenNotes notes = XenNotes.of(image.elf());
        KernelLayout kernel = KernelLayout.of(image.elf(), notes);
        MemoryLayout layout = MemoryLayout.plan(kernel, notes, frames.frameCount(), guest.initrd().byteSize());
        for (KernelLayout.Segment segment : kernel.segments()) {
            // The rest of a segment is zero already: the frames are fresh.
            frames.copy(image.bytes(), segment.fileOffset(), kernel.offsetOf(segment), segment.fileBytes());
        }
        frames.copy(guest.initrd(), 0, layout.initrdPfn() * PAGE, guest.initrd().byteSize());
        notes.hypercallPage().ifPresent(va -> writeHypercallPage(frames.ma(va - kernel.virtBase())));
        buildTables(layout);
        writeP2m(layout);
        writeStartInfo(layout, notes, guest);
        return new StartOfDay(kernel.entry(), layout.va(layout.stackPfn() + 1), layout.va(layout.startInfoPfn()),
                frames.mfn(layout.tablesPfn()), frames.mfn(layout.storePfn()), frames.mfn(layout.consolePfn()));
    }

    /// Page tables are mapped read-only, all else writable and executable.
    private void buildTables(MemoryLayout layout) {
        InitialTables tables = new InitialTables(memory, frames, layout.tablesPfn());
        tables.cover(layout.virtBase(), layout.va(layout.mappedEndPfn()), layout.tablesPfn() + 1);
        for (long pfn = 0; pfn < layout.mappedEndPfn(); pfn++) {
            boolean isTable = pfn >= layout.tablesPfn() && pfn < layout.tablesEndPfn();
            tables.map(layout.va(pfn), pfn, !isTable);
        }
        if (layout.p2mPfn() >= layout.mappedEndPfn()) {
            long pages = layout.p2mTablesPfn() - layout.p2mPfn();
            tables.cover(layout.p2mVa(), layout.p2mVa() + pages * PAGE, layout.p2mTablesPfn());
            for (long i = 0; i < pages; i++) {
                tables.map(layout.p2mVa() + i * PAGE, layout.p2mPfn() + i, true);
            }
        }
    }

    private void writeP2m(MemoryLayout layout) {
        for (long pfn = 0; pfn < frames.frameCount(); pfn++) {
            long mfn = frames.mfn(pfn);
            memory.writeWord(frames.ma(layout.p2mPfn() * PAGE + pfn * Long.BYTES), mfn);
            m2p.set(mfn, pfn);
        }
    }

    private void writeStartInfo(MemoryLayout layout, XenNotes notes, Guest guest) {
        MemorySegment s = memory.frame(frames.mfn(layout.startInfoPfn()));
        boolean initrdByPfn = notes.modStartPfn() && guest.initrd().byteSize() > 0;
        XenStartInfo.magic(s, 0, XenStartInfo.MAGIC);
        XenStartInfo.nrPages(s, 0, frames.frameCount());
        XenStartInfo.sharedInfo(s, 0, guest.sharedInfoMa());
        XenStartInfo.flags(s, 0, XenStartInfo.SIF_VIRT_P2M_4TOOLS
                | (initrdByPfn ? XenStartInfo.SIF_MOD_START_PFN : 0));
        XenStartInfo.storeMfn(s, 0, frames.mfn(layout.storePfn()));
        XenStartInfo.storeEvtchn(s, 0, guest.storePort());
        XenStartInfo.consoleMfn(s, 0, frames.mfn(layout.consolePfn()));
        XenStartInfo.consoleEvtchn(s, 0, guest.consolePort());
        XenStartInfo.ptBase(s, 0, layout.va(layout.tablesPfn()));
        XenStartInfo.nrPtFrames(s, 0, layout.tablesEndPfn() - layout.tablesPfn());
        XenStartInfo.mfnList(s, 0, layout.p2mVa());
        if (guest.initrd().byteSize() > 0) {
            XenStartInfo.modStart(s, 0, initrdByPfn ? layout.initrdPfn() : layout.va(layout.initrdPfn()));
            XenStartInfo.modLen(s, 0, guest.initrd().byteSize());
        }
        XenStartInfo.cmdLine(s, 0, guest.cmdline());
        if (notes.initP2m().isPresent()) {
            XenStartInfo.firstP2mPfn(s, 0, layout.p2mPfn());
            XenStartInfo.nrP2mFrames(s, 0, layout.endPfn() - layout.p2mPfn());
        }
    }

    /// 128 stubs of 32 bytes (`arch-x86/xen-x86_64.h`): RCX and R11, which SYSCALL destroys, are preserved. That of
    /// iret is jumped to and never returns.
    private void writeHypercallPage(long ma) {
        for (int nr = 0; nr < HYPERCALLS; nr++) {
            byte[] stub = nr == IRET
                    ? bytes(0x51, 0x41, 0x53, 0x50, 0xb8, nr, 0, 0, 0, 0x0f, 0x05)
                    : bytes(0x51, 0x41, 0x53, 0xb8, nr, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3);
            for (int i = 0; i < STUB_BYTES; i++) {
                memory.writeByte(ma + nr * STUB_BYTES + i, i < stub.length ? stub[i] : (byte) 0xcc);
            }
        }
    }

    private static byte[] bytes(int... values) {
        byte[] result = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = (byte) values[i];
        }
        return result;
    }
}
