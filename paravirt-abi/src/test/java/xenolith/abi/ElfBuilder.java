package xenolith.abi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Writes small ELF images byte by byte, independently of the parser's layouts.
///
/// The image: header, program headers (PT_LOAD, PT_NOTE), notes, strings, symbols, section headers (null, .notes,
/// .symtab, .strtab). Every number that a test wants to spoil has its place here.
final class ElfBuilder {
    static final int PHOFF = 64;
    static final int PHENTSIZE = 56;
    static final int NOTES = PHOFF + 2 * PHENTSIZE;
    static final int NOTES_SIZE = 12 + 4 + 8 + 12 + 4 + 8;
    static final int STRINGS = NOTES + NOTES_SIZE;
    static final String STRING_TABLE = "\0.notes\0.symtab\0.strtab\0_start\0end\0";
    static final int SYMBOLS = STRINGS + 40;
    static final int SYMBOL_SIZE = 24;
    static final int SHOFF = SYMBOLS + 3 * SYMBOL_SIZE;
    static final int SHENTSIZE = 64;
    static final int SIZE = SHOFF + 4 * SHENTSIZE;
    static final long ENTRY = 0xffffffff81000000L;

    private final ByteBuffer bytes = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);

    private ElfBuilder() {
    }

    /// A sound image, to be spoilt by the caller.
    static ByteBuffer sound() {
        ElfBuilder builder = new ElfBuilder();
        builder.header();
        builder.programHeader(0, 1, 0, SIZE, ENTRY, 0x1000000);
        builder.programHeader(1, 4, NOTES, NOTES_SIZE, 0, 0);
        builder.notes();
        builder.bytes.put(STRINGS, STRING_TABLE.getBytes(StandardCharsets.ISO_8859_1));
        builder.symbol(1, "_start", 1, ENTRY);
        builder.symbol(2, "end", 0, 0);
        builder.section(1, ".notes", 7, NOTES, NOTES_SIZE, 0, 0);
        builder.section(2, ".symtab", 2, SYMBOLS, 3 * SYMBOL_SIZE, 3, SYMBOL_SIZE);
        builder.section(3, ".strtab", 3, STRINGS, STRING_TABLE.length(), 0, 0);
        return builder.bytes;
    }

    /// Where program header `index` begins.
    static int programHeaderAt(int index) {
        return PHOFF + index * PHENTSIZE;
    }

    /// Where section header `index` begins.
    static int sectionAt(int index) {
        return SHOFF + index * SHENTSIZE;
    }

    private void header() {
        bytes.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
        bytes.putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1).putLong(24, ENTRY);
        bytes.putLong(32, PHOFF).putLong(40, SHOFF).putShort(52, (short) 64);
        bytes.putShort(54, (short) PHENTSIZE).putShort(56, (short) 2);
        bytes.putShort(58, (short) SHENTSIZE).putShort(60, (short) 4).putShort(62, (short) 3);
    }

    private void programHeader(int index, int type, long offset, long filesz, long vaddr, long paddr) {
        int at = programHeaderAt(index);
        bytes.putInt(at, type).putInt(at + 4, 5).putLong(at + 8, offset);
        bytes.putLong(at + 16, vaddr).putLong(at + 24, paddr).putLong(at + 32, filesz);
        // GRUB's note segment takes no memory.
        bytes.putLong(at + 40, type == 1 ? filesz + 0x1000 : 0).putLong(at + 48, 4);
    }

    /// ENTRY as a number of 8 bytes, and GUEST_OS as text padded to 8.
    private void notes() {
        bytes.position(NOTES).putInt(4).putInt(8).putInt(1);
        bytes.put("Xen\0".getBytes(StandardCharsets.ISO_8859_1)).putLong(ENTRY);
        bytes.putInt(4).putInt(6).putInt(6).put("Xen\0".getBytes(StandardCharsets.ISO_8859_1));
        bytes.put("linux\0\0\0".getBytes(StandardCharsets.ISO_8859_1)).position(0);
    }

    private void symbol(int index, String name, int section, long value) {
        int at = SYMBOLS + index * SYMBOL_SIZE;
        bytes.putInt(at, STRING_TABLE.indexOf(name)).putShort(at + 6, (short) section).putLong(at + 8, value);
    }

    private void section(int index, String name, int type, long offset, long size, int link, long entsize) {
        int at = sectionAt(index);
        bytes.putInt(at, STRING_TABLE.indexOf(name)).putInt(at + 4, type).putLong(at + 24, offset);
        bytes.putLong(at + 32, size).putInt(at + 40, link).putLong(at + 48, 4).putLong(at + 56, entsize);
    }
}
