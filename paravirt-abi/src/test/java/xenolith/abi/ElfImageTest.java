package xenolith.abi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElfImageTest {
    private static final int PN_XNUM = 0xFFFF;

    @TempDir
    private Path directory;

    @Test
    void aSoundImageIsReadWhole() {
        ElfImage image = ElfImage.parse(ElfBuilder.sound());
        assertThat(image.entry()).isEqualTo(ElfBuilder.ENTRY);
        assertThat(image.programHeaders()).hasSize(2);
        assertThat(image.programHeaders().getFirst()).isEqualTo(new ElfImage.ProgramHeader(ElfImage.PT_LOAD, 5, 0,
                ElfBuilder.ENTRY, 0x1000000, ElfBuilder.SIZE, ElfBuilder.SIZE + 0x1000, 4));
        assertThat(image.sections()).extracting(ElfImage.Section::name)
                .containsExactly("", ".notes", ".symtab", ".strtab");
        assertThat(image.symbol("_start")).contains(new ElfImage.Symbol("_start", ElfBuilder.ENTRY, 0));
        assertThat(text(image.bytes(image.section(".strtab").orElseThrow()))).isEqualTo(ElfBuilder.STRING_TABLE);
    }

    @Test
    void aNoteSegmentWithoutMemoryIsReadFromTheFileAndOnlyOnce() {
        assertThat(ElfImage.parse(ElfBuilder.sound()).notes()).satisfiesExactly(
                entry -> {
                    assertThat(entry.isXen()).isTrue();
                    assertThat(entry.type()).isEqualTo(XenElfNote.XEN_ELFNOTE_ENTRY);
                    assertThat(entry.number()).isEqualTo(ElfBuilder.ENTRY);
                },
                os -> {
                    assertThat(os.type()).isEqualTo(XenElfNote.XEN_ELFNOTE_GUEST_OS);
                    assertThat(os.text()).isEqualTo("linux");
                });
    }

    @Test
    void notesAreFoundInSectionsWhereNoSegmentHasThem() {
        ByteBuffer image = ElfBuilder.sound();
        image.putInt(ElfBuilder.programHeaderAt(1), 0);
        assertThat(ElfImage.parse(image).notes()).extracting(ElfNote::type).containsExactly(1, 6);
    }

    @Test
    void noteAlignmentOfEightIsFollowed() {
        ByteBuffer image = ElfBuilder.sound();
        byte[] name = "Xenolit\0".getBytes(StandardCharsets.ISO_8859_1);
        // The name ends at 20; the contents begin at 24, and zeros fill the region.
        image.put(ElfBuilder.NOTES, new byte[ElfBuilder.NOTES_SIZE]);
        image.putInt(ElfBuilder.NOTES, name.length).putInt(ElfBuilder.NOTES + 4, 8).put(ElfBuilder.NOTES + 12, name);
        image.putLong(ElfBuilder.NOTES + 24, ElfBuilder.ENTRY);
        image.putLong(ElfBuilder.programHeaderAt(1) + 48, 8);
        assertThat(ElfImage.parse(image).notes()).singleElement().satisfies(note -> {
            assertThat(note.name()).isEqualTo("Xenolit");
            assertThat(note.isXen()).isFalse();
            assertThat(note.number()).isEqualTo(ElfBuilder.ENTRY);
        });
    }

    @Test
    void aNumberIsOneTwoFourOrEightBytes() {
        assertThat(note(0xfe).number()).isEqualTo(0xfe);
        assertThat(note(0xfe, 0xff).number()).isEqualTo(0xfffe);
        assertThat(note(1, 0, 0, 0xff).number()).isEqualTo(0xff000001L);
        assertThat(note(1, 0, 0, 0, 0, 0, 0, 0xff).number()).isEqualTo(0xff00000000000001L);
        assertThatExceptionOfType(BadImageException.class).isThrownBy(() -> note(1, 2, 3).number());
        assertThatExceptionOfType(BadImageException.class).isThrownBy(() -> note().number());
    }

    @Test
    void textEndsAtItsZeroOrWithTheNote() {
        assertThat(note('a', 'b', 0, 'c').text()).isEqualTo("ab");
        assertThat(note('a', 'b').text()).isEqualTo("ab");
        assertThat(note().text()).isEmpty();
        assertThatExceptionOfType(BadImageException.class).isThrownBy(() -> note("x".repeat(256).chars().toArray())
                .text());
    }

    @Test
    void anUndefinedSymbolIsNotFound() {
        ElfImage image = ElfImage.parse(ElfBuilder.sound());
        assertThat(image.symbol("end")).isEmpty();
        assertThat(image.symbol("_star")).isEmpty();
        assertThat(image.symbol("_start_")).isEmpty();
    }

    @Test
    void anImageWithoutSectionsHasNoSymbols() {
        ByteBuffer bytes = ElfBuilder.sound().putLong(40, 0);
        ElfImage image = ElfImage.parse(bytes);
        assertThat(image.sections()).isEmpty();
        assertThat(image.symbol("_start")).isEmpty();
        assertThat(image.notes()).hasSize(2);
    }

    @Test
    void whatIsNoElfImageIsRefused() {
        refused("not an ELF image", b -> b.put(0, (byte) 0));
        refused("not an ELF image", b -> b.limit(63));
        refused("64-bit", b -> b.put(4, (byte) 1));
        refused("64-bit", b -> b.put(5, (byte) 2));
        refused("64-bit", b -> b.putShort(18, (short) 183));
        refused("neither executable nor shared", b -> b.putShort(16, (short) 1));
    }

    @Test
    void tablesBeyondTheirBoundsAreRefused() {
        refused("program headers", b -> b.putShort(56, (short) PN_XNUM));
        refused("program headers", b -> b.putShort(56, (short) (ElfImage.MAX_PROGRAM_HEADERS + 1)));
        refused("program headers", b -> b.putShort(54, (short) 55));
        refused("program headers", b -> b.putLong(32, ElfBuilder.SIZE - 2 * ElfBuilder.PHENTSIZE + 1));
        refused("program headers", b -> b.putLong(32, -1));
        refused("program headers", b -> b.putLong(32, Long.MAX_VALUE));
        refused("section headers", b -> b.putShort(60, (short) 5));
        refused("section headers", b -> b.putShort(60, (short) 0));
        refused("section headers", b -> b.putShort(58, (short) 63));
        refused("section names", b -> b.putShort(62, (short) 4));
    }

    @Test
    void segmentsBeyondTheFileOrRoundTheEndAreRefused() {
        int load = ElfBuilder.programHeaderAt(0);
        refused("segment 0", b -> b.putLong(load + 8, 1));
        refused("segment 0", b -> b.putLong(load + 32, ElfBuilder.SIZE + 1));
        refused("segment 0", b -> b.putLong(load + 32, -1));
        refused("segment 0", b -> b.putLong(load + 40, ElfBuilder.SIZE - 1));
        refused("segment 0", b -> b.putLong(load + 40, -1));
        refused("wraps", b -> b.putLong(load + 16, -ElfBuilder.SIZE));
        refused("wraps", b -> b.putLong(load + 24, -ElfBuilder.SIZE));
        ByteBuffer lastByte = ElfBuilder.sound().putLong(load + 16, -ElfBuilder.SIZE - 0x1000L);
        assertThat(ElfImage.parse(lastByte).programHeaders()).hasSize(2);
    }

    @Test
    void notesThatExceedTheirRegionAreRefused() {
        refused("note", b -> b.putInt(ElfBuilder.NOTES, -1));
        refused("note", b -> b.putInt(ElfBuilder.NOTES, ElfBuilder.NOTES_SIZE));
        refused("note", b -> b.putInt(ElfBuilder.NOTES + 4, ElfBuilder.NOTES_SIZE));
        refused("note", b -> b.putInt(ElfBuilder.NOTES + 4, -1));
        refused("segment", b -> b.putLong(ElfBuilder.programHeaderAt(1) + 8, ElfBuilder.SIZE));
    }

    @Test
    void symbolTablesWithoutStringsAreRefused() {
        refused("symbol table", b -> b.putInt(ElfBuilder.sectionAt(2) + 40, 2));
        refused("symbol table", b -> b.putInt(ElfBuilder.sectionAt(2) + 40, -1));
        refused("symbol table", b -> b.putLong(ElfBuilder.sectionAt(2) + 56, 0));
        refused("section name", b -> b.putInt(ElfBuilder.sectionAt(2), -1));
        refused("has no end", b -> b.putLong(ElfBuilder.sectionAt(3) + 32, 2));
    }

    @Test
    void aSectionWithoutBytesMayClaimAnySize() {
        int notes = ElfBuilder.sectionAt(1);
        ByteBuffer bytes = ElfBuilder.sound().putInt(notes + 4, ElfImage.SHT_NOBITS).putLong(notes + 32, 1L << 40);
        ElfImage image = ElfImage.parse(bytes);
        assertThat(image.bytes(image.section(".notes").orElseThrow()).byteSize()).isZero();
    }

    @Test
    void whatTheCompilerLinksIsRead() throws Exception {
        assumeTrue(Gcc.exists(), "gcc is not installed");
        Files.writeString(directory.resolve("kernel.S"), """
                .pushsection .notes, "a", @note
                .long 4, 8, 1
                .asciz "Xen"
                .quad _start
                .popsection
                .global _start, table
                .text
                _start: ud2
                .data
                table: .quad 0x1122334455667788
                """);
        Gcc.compile(directory, "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-Wl,-Ttext=0x1000000",
                "-o", "kernel", "kernel.S");
        try (FileChannel file = FileChannel.open(directory.resolve("kernel")); Arena arena = Arena.ofConfined()) {
            MemorySegment mapped = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
            ElfImage image = ElfImage.parse(mapped);
            assertThat(image.entry()).isEqualTo(0x1000000);
            assertThat(image.symbol("_start").orElseThrow().value()).isEqualTo(0x1000000);
            assertThat(image.notes()).filteredOn(ElfNote::isXen).singleElement()
                    .extracting(ElfNote::number).isEqualTo(0x1000000L);
            long table = image.symbol("table").orElseThrow().value();
            ElfImage.ProgramHeader data = image.programHeaders().stream()
                    .filter(h -> h.isLoad() && table >= h.vaddr() && table < h.vaddr() + h.filesz())
                    .findFirst().orElseThrow();
            assertThat(image.bytes(data).get(ValueLayout.JAVA_LONG_UNALIGNED, table - data.vaddr()))
                    .isEqualTo(0x1122334455667788L);
        }
    }

    @Test
    void theBytesOfASegmentCannotBeWritten() {
        ElfImage image = ElfImage.parse(ElfBuilder.sound());
        assertThat(image.bytes(image.programHeaders().getFirst()).isReadOnly()).isTrue();
    }

    /// Everything that can be asked of the spoilt image, of which something must be refused, on one line.
    private static void refused(String expected, Consumer<ByteBuffer> spoil) {
        ByteBuffer bytes = ElfBuilder.sound();
        spoil.accept(bytes);
        assertThatExceptionOfType(BadImageException.class)
                .isThrownBy(() -> readAll(bytes)).withMessageContaining(expected)
                .satisfies(e -> assertThat(e.getMessage()).matches("[\\x20-\\x7e]+"));
    }

    /// Reads all that an image offers.
    static void readAll(ByteBuffer bytes) {
        ElfImage image = ElfImage.parse(bytes);
        image.programHeaders().stream().filter(ElfImage.ProgramHeader::isLoad).forEach(image::bytes);
        image.sections().forEach(image::bytes);
        for (ElfNote note : image.notes()) {
            if (note.type() == XenElfNote.XEN_ELFNOTE_ENTRY) {
                note.number();
            } else {
                note.text();
            }
        }
        image.symbol("_start");
        image.symbol("no such symbol");
    }

    private static ElfNote note(int... bytes) {
        byte[] copy = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            copy[i] = (byte) bytes[i];
        }
        return new ElfNote("Xen", 1, MemorySegment.ofArray(copy));
    }

    private static String text(MemorySegment s) {
        return new String(s.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1);
    }
}
