package xenolith.vmm.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenElfNote;
import xenolith.abi.XenStartInfo;
import xenolith.posix.Mapping;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.image.BadKernelException;
import xenolith.vmm.image.KernelImage;
import xenolith.vmm.mm.DirectEntryWriter;
import xenolith.vmm.mm.FrameTable;
import xenolith.vmm.mm.MachineToPhys;
import xenolith.vmm.mm.PageTables;
import xenolith.vmm.mm.PageWalk;

class DomainBuilderTest {
    private static final long LINUX_BASE = 0xffff_ffff_8000_0000L;
    private static final long INITRD_BYTES = 0x1e_4610;
    private static final long SHARED_INFO_MA = 0x1_2345_6000L;
    private static final int STORE_PORT = 1;
    private static final int CONSOLE_PORT = 2;
    private static final long MEGABYTE = 256;
    private static final long SPARE_FRAMES = 512;

    @TempDir
    private Path directory;
    private Mapping mapping;
    private MachineMemory memory;
    private PseudoPhysical frames;
    private MachineToPhys m2p;
    private PageWalk walk;
    private StartOfDay start;
    private MemorySegment info;

    @AfterEach
    void unmap() {
        if (mapping != null) {
            mapping.close();
        }
    }

    /// Memory that costs nothing until it is written to.
    private void machine(long frameCount, boolean scrambled) {
        mapping = Mapping.anonymous((frameCount + SPARE_FRAMES) << 12);
        memory = new MachineMemory(mapping.segment());
        m2p = new MachineToPhys(Arena.ofAuto().allocate(memory.frameCount() * 8, 8));
        long first = MachineMemory.BASE_MFN + SPARE_FRAMES;
        frames = scrambled ? PseudoPhysical.scrambled(memory, first, frameCount, 42)
                : PseudoPhysical.ordered(memory, first, frameCount);
        walk = new PageWalk(memory);
    }

    private void build(TestKernel kernel, long initrdBytes, String cmdline) {
        MemorySegment initrd = Arena.ofAuto().allocate(Math.max(initrdBytes, 1), 8).asSlice(0, initrdBytes);
        initrd.fill((byte) 0x77);
        try (KernelImage image = kernel.image(directory)) {
            start = new DomainBuilder(memory, frames, m2p).build(image,
                    new DomainBuilder.Guest(initrd, cmdline, SHARED_INFO_MA, STORE_PORT, CONSOLE_PORT));
        }
        info = memory.segment().asSlice(MachineMemory.offset(walk.translate(start.rootMfn(), start.startInfoVa(),
                false)), 4096);
    }

    private long mapped(long va) {
        return walk.translate(start.rootMfn(), va, false) >> 12;
    }

    private boolean isWritable(long va) {
        return walk.translate(start.rootMfn(), va, true) >= 0;
    }

    private byte byteAt(long va) {
        return memory.readByte(walk.translate(start.rootMfn(), va, false));
    }

    // ---- Debian's 6.1 kernel, 256 MB: as Xen 4.17 lays it out

    private void buildLinux(boolean scrambled) {
        machine(256 * MEGABYTE, scrambled);
        build(TestKernel.linux61(), INITRD_BYTES, "console=hvc0 earlyprintk=xen");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void linuxIsLaidOutAsXenDoesIt(boolean scrambled) {
        buildLinux(scrambled);

        assertThat(start.entry()).isEqualTo(0xffff_ffff_8304_e1c0L);
        assertThat(start.startInfoVa()).isEqualTo(0xffff_ffff_83e0_0000L);
        assertThat(start.storeMfn()).isEqualTo(frames.mfn(0x3e01));
        assertThat(start.consoleMfn()).isEqualTo(frames.mfn(0x3e02));
        assertThat(start.rootMfn()).isEqualTo(frames.mfn(0x3e03));
        assertThat(start.stackTop()).isEqualTo(0xffff_ffff_83e2_7000L);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void startInfoSaysWhereEverythingIs(boolean scrambled) {
        buildLinux(scrambled);

        assertThat(XenStartInfo.magic(info, 0)).isEqualTo("xen-3.0-x86_64");
        assertThat(XenStartInfo.nrPages(info, 0)).isEqualTo(0x10000);
        assertThat(XenStartInfo.sharedInfo(info, 0)).isEqualTo(SHARED_INFO_MA);
        assertThat(XenStartInfo.flags(info, 0))
                .isEqualTo(XenStartInfo.SIF_VIRT_P2M_4TOOLS | XenStartInfo.SIF_MOD_START_PFN);
        assertThat(XenStartInfo.storeMfn(info, 0)).isEqualTo(frames.mfn(0x3e01));
        assertThat(XenStartInfo.storeEvtchn(info, 0)).isEqualTo(STORE_PORT);
        assertThat(XenStartInfo.consoleMfn(info, 0)).isEqualTo(frames.mfn(0x3e02));
        assertThat(XenStartInfo.consoleEvtchn(info, 0)).isEqualTo(CONSOLE_PORT);
        assertThat(XenStartInfo.ptBase(info, 0)).isEqualTo(0xffff_ffff_83e0_3000L);
        assertThat(XenStartInfo.nrPtFrames(info, 0)).isEqualTo(0x23);
        assertThat(XenStartInfo.mfnList(info, 0)).isEqualTo(0x80_0000_0000L);
        assertThat(XenStartInfo.modStart(info, 0)).isEqualTo(0x4000);
        assertThat(XenStartInfo.modLen(info, 0)).isEqualTo(INITRD_BYTES);
        assertThat(XenStartInfo.cmdLine(info, 0)).isEqualTo("console=hvc0 earlyprintk=xen");
        assertThat(XenStartInfo.firstP2mPfn(info, 0)).isEqualTo(0x41e5);
        assertThat(XenStartInfo.nrP2mFrames(info, 0)).isEqualTo(0x83);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theFirst64MegabytesAreMappedOneToOneAndPageTablesReadOnly(boolean scrambled) {
        buildLinux(scrambled);

        for (long pfn = 0; pfn < 0x4000; pfn++) {
            long va = LINUX_BASE + (pfn << 12);
            assertThat(mapped(va)).as("pfn %x", pfn).isEqualTo(frames.mfn(pfn));
            boolean isTable = pfn >= 0x3e03 && pfn < 0x3e26;
            assertThat(isWritable(va)).as("pfn %x", pfn).isEqualTo(!isTable);
        }
        assertThat(walk.translate(start.rootMfn(), LINUX_BASE + (0x4000L << 12), false)).isNegative();
        assertThat(walk.translate(start.rootMfn(), 0, false)).isNegative();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theP2mIsMappedWhereTheKernelWantsIt(boolean scrambled) {
        buildLinux(scrambled);

        for (long pfn = 0; pfn < 0x10000; pfn += 97) {
            long va = 0x80_0000_0000L + pfn * 8;
            assertThat(memory.readWord(walk.translate(start.rootMfn(), va, true))).isEqualTo(frames.mfn(pfn));
            assertThat(mapped(va)).isEqualTo(frames.mfn(0x41e5 + (pfn >> 9)));
            assertThat(m2p.get(frames.mfn(pfn))).isEqualTo(pfn);
        }
        assertThat(walk.translate(start.rootMfn(), 0x80_0000_0000L + 0x80 * 4096, false)).isNegative();
        assertThat(m2p.get(MachineMemory.BASE_MFN)).as("not the domain's").isEqualTo(MachineToPhys.UNOWNED);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void kernelAndInitrdAreCopiedWholeAndTheRestIsZero(boolean scrambled) {
        buildLinux(scrambled);

        for (int i = 0; i < TestKernel.CODE.length; i++) {
            assertThat(byteAt(0xffff_ffff_8100_0000L + i)).isEqualTo(TestKernel.CODE[i]);
        }
        assertThat(byteAt(0xffff_ffff_8100_0000L + TestKernel.CODE.length)).isZero();
        for (long offset : new long[] {0, 1, 4095, 4096, INITRD_BYTES - 1}) {
            assertThat(memory.readByte(frames.ma((0x4000L << 12) + offset))).isEqualTo((byte) 0x77);
        }
        assertThat(memory.readByte(frames.ma((0x4000L << 12) + INITRD_BYTES))).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theValidatorAcceptsTheInitialTables(boolean scrambled) {
        buildLinux(scrambled);
        FrameTable table = new FrameTable(memory.frameCount());
        for (long pfn = 0; pfn < frames.frameCount(); pfn++) {
            table.assign(frames.mfn(pfn), 1);
        }
        PageTables tables = new PageTables(memory, table, 1, new DirectEntryWriter(memory));

        assertThat(tables.pin(start.rootMfn(), 4)).as(tables.refusals().format()).isZero();

        long pageTables = 0;
        for (long pfn = 0; pfn < frames.frameCount(); pfn++) {
            pageTables += tables.isPageTable(frames.mfn(pfn)) ? 1 : 0;
        }
        assertThat(pageTables).isEqualTo(0x23 + 3);
    }

    // ---- other kernels

    private void buildSmall(TestKernel kernel, long megabytes, long initrdBytes) {
        machine(megabytes * MEGABYTE, false);
        build(kernel, initrdBytes, "");
    }

    /// XTF, Mini-OS and GRUB: nothing said of P2M or initrd, so both are mapped, in Xen's order.
    @Test
    void withoutNotesForThemInitrdAndP2mAreMappedBehindTheKernel() {
        buildSmall(new TestKernel(0x10_0000, 0x5000).note(XenElfNote.XEN_ELFNOTE_ENTRY, 0x10_0000), 32, 0x2801);

        long pfn = 0x105;
        assertThat(XenStartInfo.modStart(info, 0)).isEqualTo(pfn << 12);
        assertThat(XenStartInfo.modLen(info, 0)).isEqualTo(0x2801);
        assertThat(byteAt((pfn << 12) + 0x2800)).isEqualTo((byte) 0x77);
        pfn += 3;
        assertThat(XenStartInfo.mfnList(info, 0)).isEqualTo(pfn << 12);
        assertThat(memory.readWord(walk.translate(start.rootMfn(), (pfn << 12) + 0x1fff * 8, true)))
                .isEqualTo(frames.mfn(0x1fff));
        pfn += 32 * MEGABYTE * 8 >> 12;
        assertThat(start.startInfoVa()).isEqualTo(pfn << 12);
        assertThat(start.storeMfn()).isEqualTo(frames.mfn(pfn + 1));
        assertThat(start.consoleMfn()).isEqualTo(frames.mfn(pfn + 2));
        assertThat(XenStartInfo.ptBase(info, 0)).isEqualTo(pfn + 3 << 12);
        assertThat(XenStartInfo.nrPtFrames(info, 0)).as("4 MiB: L4, L3, L2 and two L1").isEqualTo(5);
        assertThat(start.stackTop()).isEqualTo(pfn + 9 << 12);
        assertThat(XenStartInfo.flags(info, 0)).isEqualTo(XenStartInfo.SIF_VIRT_P2M_4TOOLS);
        assertThat(XenStartInfo.firstP2mPfn(info, 0)).isZero();
        assertThat(XenStartInfo.nrP2mFrames(info, 0)).isZero();
        assertThat(mapped(0)).as("VIRT_BASE 0: address 0 is pfn 0").isEqualTo(frames.mfn(0));
        assertThat(mapped(0x3f_f000)).isEqualTo(frames.mfn(0x3ff));
        assertThat(walk.translate(start.rootMfn(), 0x40_0000, false)).isNegative();
    }

    @Test
    void withoutAnInitrdThereIsNone() {
        buildSmall(new TestKernel(0x10_0000, 0x5000).note(XenElfNote.XEN_ELFNOTE_MOD_START_PFN, 1), 32, 0);

        assertThat(XenStartInfo.modStart(info, 0)).isZero();
        assertThat(XenStartInfo.modLen(info, 0)).isZero();
        assertThat(XenStartInfo.flags(info, 0) & XenStartInfo.SIF_MOD_START_PFN).isZero();
        assertThat(XenStartInfo.cmdLine(info, 0)).isEmpty();
    }

    @Test
    void atLeastHalfAMegabyteIsMappedBehindTheStack() {
        // Sizes around those at which the padding spills into the next 4 MiB.
        for (long pages = 0x380; pages < 0x3ff; pages += 3) {
            MemoryLayout layout = plan(new TestKernel(0, pages << 12), 0x4000, 0);
            long end = layout.mappedEndPfn();
            assertThat(end % 0x400).isZero();
            assertThat(end - layout.stackPfn() - 1).isGreaterThanOrEqualTo(128);
            assertThat(end - layout.stackPfn() - 1).isLessThan(0x400 + 128);
            assertThat(layout.tablesEndPfn() - layout.tablesPfn())
                    .isEqualTo(1 + InitialTables.tablesFor(0, end << 12));
        }
    }

    private MemoryLayout plan(TestKernel kernel, long frameCount, long initrdBytes) {
        try (KernelImage image = kernel.image(directory)) {
            return MemoryLayout.plan(image.layout(), image.notes(), frameCount, initrdBytes);
        }
    }

    @Test
    void theHypercallPageHoldsAStubForEachNumber() {
        buildSmall(new TestKernel(0x10_0000, 0x5000).note(XenElfNote.XEN_ELFNOTE_HYPERCALL_PAGE, 0x10_3000), 32, 0);

        long page = walk.translate(start.rootMfn(), 0x10_3000, false);
        for (int nr = 0; nr < 128; nr++) {
            byte[] stub = memory.segment().asSlice(MachineMemory.offset(page) + nr * 32L, 32)
                    .toArray(ValueLayout.JAVA_BYTE);
            byte n = (byte) nr;
            byte[] expected = nr == 23
                    // push %rcx; push %r11; push %rax; mov $23,%eax; syscall
                    ? new byte[] {0x51, 0x41, 0x53, 0x50, (byte) 0xb8, n, 0, 0, 0, 0x0f, 0x05}
                    // push %rcx; push %r11; mov $nr,%eax; syscall; pop %r11; pop %rcx; ret
                    : new byte[] {0x51, 0x41, 0x53, (byte) 0xb8, n, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59,
                        (byte) 0xc3};
            assertThat(stub).as("stub %d", nr).startsWith(expected);
        }
        assertThat(byteAt(0x10_2fff)).as("the page before").isZero();
        assertThat(byteAt(0x10_4000)).as("the page behind").isZero();
    }

    // ---- what does not fit

    @Test
    void tooLittleMemoryIsSaidInOneLineWithWhatWouldDo() {
        assertThatExceptionOfType(BadKernelException.class)
                .isThrownBy(() -> plan(TestKernel.linux61(), 64 * MEGABYTE, INITRD_BYTES))
                .withMessage("the kernel and its initrd need at least 67 MiB to start, the domain has 64 MiB;"
                        + " give it more with --memory");
        assertThatExceptionOfType(BadKernelException.class)
                .isThrownBy(() -> plan(TestKernel.linux61(), 16 * MEGABYTE, 0))
                .withMessageStartingWith("the kernel need")
                .withMessageContaining("the domain has 16 MiB");
    }

    @Test
    void theMemoryThatTheMessageNamesIsEnough() {
        assertThat(plan(TestKernel.linux61(), 67 * MEGABYTE, INITRD_BYTES).endPfn())
                .isBetween(66 * MEGABYTE, 67 * MEGABYTE);
    }

    @Test
    void nothingIsWrittenWhenItDoesNotFit() {
        machine(16 * MEGABYTE, false);

        assertThatExceptionOfType(BadKernelException.class)
                .isThrownBy(() -> build(TestKernel.linux61(), INITRD_BYTES, ""));

        assertThat(memory.segment().mismatch(Arena.ofAuto().allocate(memory.segment().byteSize(), 8))).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(longs = {0x0000_7fff_ffff_f000L, 0xffff_ffff_ffff_f000L, 0x0000_7fff_fffe_0000L})
    void aP2mThatRunsOutOfTheAddressSpaceIsRefused(long initP2m) {
        assertThatExceptionOfType(BadKernelException.class).isThrownBy(() -> plan(new TestKernel(0x10_0000, 0x5000)
                .note(XenElfNote.XEN_ELFNOTE_INIT_P2M, initP2m), 256 * MEGABYTE, 0));
    }

    @ParameterizedTest
    @ValueSource(longs = {0x10_5000, 0x3f_f000})
    void aP2mInTheMappedRegionIsRefused(long initP2m) {
        assertThatExceptionOfType(BadKernelException.class).isThrownBy(() -> plan(new TestKernel(0x10_0000, 0x5000)
                .note(XenElfNote.XEN_ELFNOTE_INIT_P2M, initP2m), 256 * MEGABYTE, 0));
    }

    @ParameterizedTest
    @ValueSource(longs = {2000L << 20, 2100L << 20, 3000L << 20})
    void anInitrdThatIsToBeMappedAndDoesNotFitBehindTheKernelIsRefused(long initrdBytes) {
        TestKernel kernel = new TestKernel(0x100_0000, 0x2e0_0000)
                .note(XenElfNote.XEN_ELFNOTE_VIRT_BASE, LINUX_BASE)
                .note(XenElfNote.XEN_ELFNOTE_ENTRY, LINUX_BASE + 0x100_0000);

        assertThatExceptionOfType(BadKernelException.class)
                .isThrownBy(() -> plan(kernel, 8192 * MEGABYTE, initrdBytes));
    }
}
