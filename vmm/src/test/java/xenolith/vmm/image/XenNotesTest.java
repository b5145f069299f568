package xenolith.vmm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.ElfImage;
import xenolith.abi.XenElfNote;

class XenNotesTest {
    private static final byte[] CODE = new byte[16];
    /// What the notes of every kernel here say besides what a test is about.
    private static final byte[] COMMON = TestElf.concat(
            TestElf.note(XenElfNote.XEN_ELFNOTE_GUEST_OS, "linux"),
            TestElf.note(XenElfNote.XEN_ELFNOTE_XEN_VERSION, "xen-3.0"),
            TestElf.note(XenElfNote.XEN_ELFNOTE_LOADER, "generic"));

    @Test
    void linuxNotesAreReadWhole() {
        XenNotes notes = read(TestElf.concat(COMMON,
                TestElf.note(XenElfNote.XEN_ELFNOTE_GUEST_VERSION, "2.6"),
                TestElf.note(XenElfNote.XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000L),
                TestElf.note(XenElfNote.XEN_ELFNOTE_INIT_P2M, 0x8000000000L),
                TestElf.note(XenElfNote.XEN_ELFNOTE_ENTRY, 0xffffffff8304e1c0L),
                TestElf.note(XenElfNote.XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb"),
                TestElf.note("Xen", XenElfNote.XEN_ELFNOTE_SUPPORTED_FEATURES, number32(0x8801)),
                TestElf.note(XenElfNote.XEN_ELFNOTE_PAE_MODE, "yes"),
                TestElf.note("Xen", XenElfNote.XEN_ELFNOTE_L1_MFN_VALID, TestElf.concat(number64(1), number64(1))),
                TestElf.note("Xen", XenElfNote.XEN_ELFNOTE_SUSPEND_CANCEL, number32(1)),
                TestElf.note("Xen", XenElfNote.XEN_ELFNOTE_MOD_START_PFN, number32(1)),
                TestElf.note(XenElfNote.XEN_ELFNOTE_HV_START_LOW, 0xffff800000000000L),
                TestElf.note("Xen", XenElfNote.XEN_ELFNOTE_PADDR_OFFSET, number32(0)),
                TestElf.note("Xen", XenElfNote.XEN_ELFNOTE_PHYS32_ENTRY, number32(0x1000850))));

        assertThat(notes.guestOs()).isEqualTo("linux");
        assertThat(notes.guestVersion()).isEqualTo("2.6");
        assertThat(notes.xenVersion()).isEqualTo("xen-3.0");
        assertThat(notes.loader()).isEqualTo("generic");
        assertThat(notes.virtBase()).isEqualTo(0xffffffff80000000L);
        assertThat(notes.paddrOffset()).isZero();
        assertThat(notes.entry()).isEqualTo(0xffffffff8304e1c0L);
        assertThat(notes.initP2m()).hasValue(0x8000000000L);
        assertThat(notes.hypercallPage()).isEmpty();
        assertThat(notes.features()).isEqualTo(new XenFeatures(0x8811, 1));
        assertThat(notes.features().requires(0)).isTrue();
        assertThat(notes.features().supports(11)).isTrue();
        assertThat(notes.features().requires(11)).isFalse();
        assertThat(notes.modStartPfn()).isTrue();
        assertThat(notes.suspendCancel()).isTrue();
        assertThat(notes.l1MfnValid()).containsExactly(new XenNotes.L1MfnValid(1, 1));
        assertThat(notes.hvStartLow()).hasValue(0xffff800000000000L);
        assertThat(notes.paeMode()).isEqualTo("yes");
        assertThat(notes.bsdSymtab()).isFalse();
    }

    @Test
    void whatIsNotSaidHasItsDefault() {
        XenNotes notes = read(COMMON);

        assertThat(notes.virtBase()).isZero();
        assertThat(notes.paddrOffset()).isZero();
        assertThat(notes.entry()).as("the ELF entry").isEqualTo(0x100004);
        assertThat(notes.initP2m()).isEmpty();
        assertThat(notes.hypercallPage()).isEmpty();
        assertThat(notes.modStartPfn()).isFalse();
        assertThat(notes.suspendCancel()).isFalse();
        assertThat(notes.features()).isEqualTo(XenFeatures.NONE);
        assertThat(notes.l1MfnValid()).isEmpty();
    }

    @Test
    void anEntryNoteOfZeroIsAnEntry() {
        XenNotes notes = read(TestElf.concat(COMMON, TestElf.note(XenElfNote.XEN_ELFNOTE_ENTRY, 0)));

        assertThat(notes.entry()).isZero();
    }

    @Test
    void aHypercallPageNoteIsAnAddress() {
        XenNotes notes = read(TestElf.concat(COMMON, TestElf.note(XenElfNote.XEN_ELFNOTE_HYPERCALL_PAGE, 0x102000)));

        assertThat(notes.hypercallPage()).hasValue(0x102000);
    }

    @ParameterizedTest
    @ValueSource(strings = {".note.Xen", ".note", ".xen"})
    void notesInASectionAloneAreFound(String section) {
        byte[] elf = kernel().section(section, TestElf.SHT_NOTE, COMMON).build();

        assertThat(notes(elf).guestOs()).isEqualTo("linux");
    }

    @Test
    void notesOfOthersAreNotTakenForXens() {
        byte[] others = TestElf.concat(TestElf.note("GNU", XenElfNote.XEN_ELFNOTE_GUEST_OS, CODE),
                TestElf.note("Xenon", XenElfNote.XEN_ELFNOTE_XEN_VERSION, CODE), COMMON,
                TestElf.note("Linux", XenElfNote.XEN_ELFNOTE_LOADER, CODE));

        assertThat(read(others).loader()).isEqualTo("generic");
    }

    @Test
    void notesOfUnknownTypeArePassedOver() {
        XenNotes notes = read(TestElf.concat(COMMON, TestElf.note(19, "new"), TestElf.note(-1, "odd"),
                TestElf.note(0x1000001, "crash")));

        assertThat(notes.guestOs()).isEqualTo("linux");
    }

    @Test
    void miniOsOldSectionIsRead() {
        XenNotes notes = legacy("GUEST_OS=Mini-OS,XEN_VER=xen-3.0,VIRT_BASE=0x0,ELF_PADDR_OFFSET=0x0,"
                + "HYPERCALL_PAGE=0x2,LOADER=generic");

        assertThat(notes.guestOs()).isEqualTo("Mini-OS");
        assertThat(notes.xenVersion()).isEqualTo("xen-3.0");
        assertThat(notes.loader()).isEqualTo("generic");
        assertThat(notes.hypercallPage()).as("page number 2").hasValue(0x2000);
        assertThat(notes.entry()).isEqualTo(0x100004);
    }

    @Test
    void theOldSectionCountsPagesAndPhysicalAddressesFromVirtBase() {
        XenNotes notes = legacy("GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,HYPERCALL_PAGE=0x102,"
                + "FEATURES=writable_page_tables|!pae_pgdir_above_4gb,VIRT_ENTRY=0xffffffff80100000,LOADER=generic");

        assertThat(notes.virtBase()).isEqualTo(0xffffffff80000000L);
        assertThat(notes.paddrOffset()).isEqualTo(0xffffffff80000000L);
        assertThat(notes.hypercallPage()).hasValue(0xffffffff80102000L);
        assertThat(notes.entry()).isEqualTo(0xffffffff80100000L);
        assertThat(notes.features()).isEqualTo(new XenFeatures(0x11, 0x10));
    }

    @Test
    void notesGoBeforeTheOldSection() {
        byte[] elf = kernel().notes(TestElf.PT_NOTE, COMMON)
                .section("__xen_guest", TestElf.SHT_PROGBITS, "GUEST_OS=other,XEN_VER=xen-2.0".getBytes()).build();

        assertThat(notes(elf).guestOs()).isEqualTo("linux");
    }

    @ParameterizedTest
    @ValueSource(strings = {"VIRT_BASE=abc", "VIRT_BASE=", "VIRT_BASE=0x", "HYPERCALL_PAGE=0xffffffffffffffff",
        "VIRT_ENTRY=-1", "VIRT_ENTRY=0x1ffffffffffffffff", "VIRT_ENTRY=09"})
    void anOldSectionWithBadNumbersIsRefused(String pair) {
        assertThatThrownBy(() -> legacy("GUEST_OS=linux,XEN_VER=xen-3.0,LOADER=generic," + pair))
                .isInstanceOf(BadKernelException.class).hasMessageContaining(pair.substring(0, pair.indexOf('=')));
    }

    @ParameterizedTest
    @CsvSource({"writable_descriptor_tables", "auto_translated_physmap", "supervisor_mode_kernel", "dom0",
        "hvm_callback_vector", "telepathy"})
    void aRequiredFeatureThatIsNotProvidedIsRefusedByName(String feature) {
        byte[] notes = TestElf.concat(COMMON,
                TestElf.note(XenElfNote.XEN_ELFNOTE_FEATURES, "!writable_page_tables|!" + feature));

        refused(notes, "\"" + feature + "\"");
        assertThat(read(TestElf.concat(COMMON, TestElf.note(XenElfNote.XEN_ELFNOTE_FEATURES, feature))).guestOs())
                .as("merely supported").isEqualTo("linux");
    }

    @Test
    void aKernelWithoutXenIsToldItHasNoPvEntry() {
        String expected = "no Xen PV entry (CONFIG_XEN_PV)";
        byte[] none = kernel().build();
        assertThatThrownBy(() -> notes(none)).isInstanceOf(BadKernelException.class).hasMessageContaining(expected);
        refused(TestElf.note("GNU", 1, CODE), expected);
        refused(TestElf.note("Xen", XenElfNote.XEN_ELFNOTE_PHYS32_ENTRY, number32(0x1000000)), expected);
        refused(TestElf.concat(COMMON, TestElf.note("Xen", XenElfNote.XEN_ELFNOTE_PHYS32_ENTRY, number32(1))),
                expected);
    }

    @Test
    void aKernelForAnotherXenIsRefused() {
        refused(TestElf.concat(COMMON, TestElf.note(XenElfNote.XEN_ELFNOTE_XEN_VERSION, "xen-4.0")), "\"xen-4.0\"");
        refused(TestElf.note(XenElfNote.XEN_ELFNOTE_LOADER, "generic"), "\"\"");
    }

    @Test
    void theLoaderMustBeGenericUnlessTheGuestIsLinux() {
        byte[] other = TestElf.note(XenElfNote.XEN_ELFNOTE_LOADER, "special");
        assertThat(read(TestElf.concat(COMMON, other)).loader()).isEqualTo("special");
        refused(TestElf.concat(COMMON, other, TestElf.note(XenElfNote.XEN_ELFNOTE_GUEST_OS, "plan9")), "\"special\"");
        assertThat(read(TestElf.concat(COMMON, TestElf.note(XenElfNote.XEN_ELFNOTE_GUEST_OS, "plan9"))).guestOs())
                .isEqualTo("plan9");
    }

    @Test
    void theKernelsWordsReachTheTerminalWithoutControlCharacters() {
        byte[] notes = TestElf.concat(COMMON, TestElf.note(XenElfNote.XEN_ELFNOTE_FEATURES, "!\u001b[2J\nrm"));

        refused(notes, "\"?[2J?rm\"");
    }

    @Test
    void malformedNotesAreRefused() {
        refused(TestElf.concat(COMMON, TestElf.note("Xen", XenElfNote.XEN_ELFNOTE_ENTRY, new byte[3])), "malformed");
        refused(TestElf.concat(COMMON, TestElf.note("Xen", XenElfNote.XEN_ELFNOTE_L1_MFN_VALID, new byte[12])),
                "malformed");
        refused(TestElf.concat(COMMON, number32(4), number32(0x7fffffff), number32(1), number32(0)), "malformed");
    }

    private static TestElf kernel() {
        return new TestElf().entry(0x100004).load(0x100000, CODE, CODE.length);
    }

    private static XenNotes read(byte[] noteSegment) {
        return notes(kernel().notes(TestElf.PT_NOTE, noteSegment).build());
    }

    private static XenNotes legacy(String text) {
        byte[] content = (text + "\0").getBytes(StandardCharsets.US_ASCII);
        return notes(kernel().section("__xen_guest", TestElf.SHT_PROGBITS, content).build());
    }

    private static XenNotes notes(byte[] elf) {
        return XenNotes.of(ElfImage.parse(MemorySegment.ofArray(elf)));
    }

    private static void refused(byte[] noteSegment, String why) {
        assertThatThrownBy(() -> read(noteSegment)).isInstanceOf(BadKernelException.class).hasMessageContaining(why)
                .message().doesNotContain("\n");
    }

    private static byte[] number32(int value) {
        return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }

    private static byte[] number64(long value) {
        return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    }
}
