package xenolith.vmm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import xenolith.abi.ElfImage;
import xenolith.abi.XenElfNote;

class KernelLayoutTest {
    private static final long BASE = 0xffffffff80000000L;

    @Test
    void segmentsLieAtTheirPhysicalAddressWhateverTheirVirtualOneIs() {
        KernelLayout layout = layout(BASE, 0x1000000, new TestElf()
                .load(0xffffffff81000000L, 0x1000000, new byte[0x2345], 0x3000)
                .load(0, 0x1003000, new byte[0x10], 0x800)
                .load(0xffffffff81004000L, 0x1004000, new byte[0x20], 0x5001));

        assertThat(layout.segments()).extracting(KernelLayout.Segment::va)
                .containsExactly(0xffffffff81000000L, 0xffffffff81003000L, 0xffffffff81004000L);
        assertThat(layout.segments()).extracting(KernelLayout.Segment::fileBytes)
                .containsExactly(0x2345L, 0x10L, 0x20L);
        assertThat(layout.virtKstart()).isEqualTo(0xffffffff81000000L);
        assertThat(layout.virtKend()).isEqualTo(0xffffffff81009001L);
        assertThat(layout.firstPfn()).isEqualTo(0x1000);
        assertThat(layout.endPfn()).isEqualTo(0x100a);
        assertThat(layout.pageCount()).isEqualTo(10);
        assertThat(layout.pfnOf(0xffffffff81004fffL)).isEqualTo(0x1004);
        assertThat(layout.offsetOf(layout.segments().getLast())).isEqualTo(0x1004000);
    }

    @Test
    void segmentsAreSortedAndEmptyOnesLeftOut() {
        KernelLayout layout = layout(0, 0x1000, new TestElf().load(0x9000, new byte[1], 1)
                .load(0x5000, new byte[0], 0).load(0x1000, new byte[1], 0x100));

        assertThat(layout.segments()).extracting(KernelLayout.Segment::va).containsExactly(0x1000L, 0x9000L);
    }

    @Test
    void thePhysicalOffsetIsTakenOff() {
        byte[] elf = new TestElf().entry(BASE + 0x1000).load(BASE + 0x1000, new byte[8], 8)
                .notes(TestElf.PT_NOTE, TestElf.concat(TestElf.linuxNotes(), note(XenElfNote.XEN_ELFNOTE_VIRT_BASE, BASE),
                        note(XenElfNote.XEN_ELFNOTE_PADDR_OFFSET, BASE), note(XenElfNote.XEN_ELFNOTE_ENTRY, BASE + 0x1000)))
                .build();

        assertThat(layout(elf).firstPfn()).isEqualTo(1);
        assertThat(layout(elf).virtKstart()).isEqualTo(BASE + 0x1000);
    }

    @Test
    void aKernelMayLieAtAddressZeroAsGrubDoes() {
        KernelLayout layout = layout(0, 0, new TestElf().load(0, new byte[0xeaef], 0x41e1f0)
                .load(0x41e1f0, new byte[64], 0x1f5bd8));

        assertThat(layout.virtKstart()).isZero();
        assertThat(layout.virtKend()).isEqualTo(0x613dc8);
        assertThat(layout.endPfn()).isEqualTo(0x614);
    }

    @Test
    void overlappingSegmentsAreRefused() {
        refused(0, 0x1000, new TestElf().load(0x1000, new byte[1], 0x1001).load(0x2000, new byte[1], 1), "overlap");
        refused(0, 0x1000, new TestElf().load(0x1000, new byte[1], 1).load(0x1000, new byte[1], 1), "overlap");
    }

    @Test
    void aKernelWithNothingToLoadIsRefused() {
        refused(0, 0, new TestElf(), "nothing to load");
        refused(0, 0, new TestElf().load(0x1000, new byte[0], 0), "nothing to load");
    }

    @ParameterizedTest
    @CsvSource({"0x1000000000, 1", "0x1000, 0x1000000000", "0xfffffffff, 2", "0x7ffffffffffff000, 0x1000"})
    void aSegmentTooFarOrTooLongIsRefused(String paddr, String memsz) {
        refused(0, 0x1000, new TestElf().load(Long.decode(paddr), new byte[1], Long.decode(memsz)), "beyond 64 GiB");
    }

    @ParameterizedTest
    @CsvSource({"0xffff800000000000", "0xffff87fffffff000", "0x00007fffffff0000", "0x0000800000000000",
        "0xffff7ffffffff000", "0xfffffffffffe0000"})
    void aRegionThatTouchesTheHypervisorsPartOrNoAddressIsRefused(String base) {
        long virtBase = Long.parseUnsignedLong(base.substring(2), 16);
        refused(virtBase, virtBase + 0x10000, new TestElf().load(0x10000, new byte[1], 0x20000), "where no guest may");
    }

    @Test
    void addressesThatTheNotesNameMustLieInTheKernel() {
        TestElf elf = new TestElf().load(0x2000, new byte[1], 0x3000);
        refused(0, 0x1fff, elf, "entry 0x1fff");
        refused(0, 0x5000, elf, "entry 0x5000");
        refused(0x800, 0x2000, elf, "VIRT_BASE");
        refusedWith(note(XenElfNote.XEN_ELFNOTE_HYPERCALL_PAGE, 0x5000), "HYPERCALL_PAGE");
        refusedWith(note(XenElfNote.XEN_ELFNOTE_HYPERCALL_PAGE, 0x4800), "HYPERCALL_PAGE");
        refusedWith(note(XenElfNote.XEN_ELFNOTE_HYPERCALL_PAGE, -4096), "HYPERCALL_PAGE");
        refusedWith(note(XenElfNote.XEN_ELFNOTE_INIT_P2M, 0x3000), "P2M");
        refusedWith(note(XenElfNote.XEN_ELFNOTE_INIT_P2M, 0x8000000800L), "INIT_P2M");
        refusedWith(note(XenElfNote.XEN_ELFNOTE_INIT_P2M, 0xffff800000000000L), "P2M");
        refusedWith(note(XenElfNote.XEN_ELFNOTE_INIT_P2M, 0x1000_0000_0000_0000L), "P2M");
    }

    @Test
    void aHypercallPageMayBeTheKernelsLast() {
        byte[] notes = TestElf.concat(TestElf.linuxNotes(), note(XenElfNote.XEN_ELFNOTE_ENTRY, 0x2000),
                note(XenElfNote.XEN_ELFNOTE_HYPERCALL_PAGE, 0x4000));
        byte[] elf = new TestElf().load(0x2000, new byte[1], 0x3000).notes(TestElf.PT_NOTE, notes).build();

        assertThat(layout(elf).endPfn()).isEqualTo(5);
    }

    /// Whatever two segments claim, they are refused, or lie apart and within the region.
    @Property
    void placedSegmentsNeverOverlapNorLeaveTheKernel(
            @ForAll @LongRange(min = 0, max = 0x20000) long first, @ForAll @LongRange(min = 1, max = 0x8000) long length,
            @ForAll @LongRange(min = 0, max = 0x20000) long second, @ForAll @LongRange(min = 1, max = 0x8000) long other) {
        byte[] elf = elf(BASE, BASE + first, new TestElf().load(first, new byte[1], length)
                .load(second, new byte[1], other));
        boolean apart = first + length <= second || second + other <= first;

        if (!apart) {
            assertThatThrownBy(() -> layout(elf)).isInstanceOf(BadKernelException.class);
            return;
        }
        KernelLayout layout = layout(elf);
        List<KernelLayout.Segment> segments = layout.segments();
        assertThat(segments.getFirst().va() + segments.getFirst().memoryBytes())
                .isLessThanOrEqualTo(segments.getLast().va());
        assertThat(layout.virtKstart()).isEqualTo(BASE + Math.min(first, second));
        assertThat(layout.virtKend()).isEqualTo(BASE + Math.max(first + length, second + other));
        assertThat(layout.endPfn() << 12).isBetween(layout.virtKend() - BASE, layout.virtKend() - BASE + 4095);
    }

    private static KernelLayout layout(long virtBase, long entryPaddr, TestElf elf) {
        return layout(elf(virtBase, virtBase + entryPaddr, elf));
    }

    private static byte[] elf(long virtBase, long entry, TestElf elf) {
        return elf.notes(TestElf.PT_NOTE, TestElf.concat(TestElf.linuxNotes(),
                note(XenElfNote.XEN_ELFNOTE_VIRT_BASE, virtBase), note(XenElfNote.XEN_ELFNOTE_ENTRY, entry))).build();
    }

    private static KernelLayout layout(byte[] elf) {
        ElfImage image = ElfImage.parse(MemorySegment.ofArray(elf));
        return KernelLayout.of(image, XenNotes.of(image));
    }

    private static void refused(long virtBase, long entry, TestElf elf, String why) {
        byte[] image = elf(virtBase, entry, elf);
        assertThatThrownBy(() -> layout(image)).isInstanceOf(BadKernelException.class).hasMessageContaining(why);
    }

    private static void refusedWith(byte[] note, String why) {
        byte[] notes = TestElf.concat(TestElf.linuxNotes(), TestElf.note(XenElfNote.XEN_ELFNOTE_ENTRY, 0x2000), note);
        byte[] elf = new TestElf().load(0x2000, new byte[1], 0x3000).notes(TestElf.PT_NOTE, notes).build();
        assertThatThrownBy(() -> layout(elf)).isInstanceOf(BadKernelException.class).hasMessageContaining(why);
    }

    private static byte[] note(int type, long value) {
        return TestElf.note(type, value);
    }
}
