package xenolith.vmm.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Composes ELF64 images for tests: header, program headers, contents, section headers.
final class TestElf {
    static final int PT_LOAD = 1;
    static final int PT_NOTE = 4;
    static final int SHT_PROGBITS = 1;
    static final int SHT_NOTE = 7;
    private static final int HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int SECTION_HEADER = 64;
    private static final int SHT_STRTAB = 3;
    private static final long NOTE_ALIGN = 4;

    private record Part(int type, int flags, long vaddr, long paddr, byte[] content, long memsz) {
    }

    private record Section(String name, int type, byte[] content) {
    }

    private final List<Part> parts = new ArrayList<>();
    private final List<Section> sections = new ArrayList<>();
    private long entry;

    /// A small kernel: code at 1 MiB with notes as Linux has them.
    static byte[] linux(int codeBytes) {
        return new TestElf().entry(0x100000).load(0x100000, code(codeBytes), codeBytes + 4096L)
                .notes(PT_NOTE, linuxNotes()).build();
    }

    /// Bytes that a packer can shrink, though not to nothing.
    static byte[] code(int byteLength) {
        byte[] code = new byte[byteLength];
        int state = 12345;
        for (int i = 0; i < byteLength; i++) {
            state = state * 1103515245 + 12345;
            code[i] = (byte) ((state >>> 16 & 7) * (i >>> 10));
        }
        return code;
    }

    static byte[] linuxNotes() {
        return concat(note(6, "linux"), note(7, "2.6"), note(5, "xen-3.0"), note(8, "generic"), note(1, 0x100010L),
                note(3, 0L));
    }

    TestElf entry(long va) {
        entry = va;
        return this;
    }

    TestElf load(long paddr, byte[] content, long memsz) {
        parts.add(new Part(PT_LOAD, 7, paddr, paddr, content, memsz));
        return this;
    }

    TestElf load(long vaddr, long paddr, byte[] content, long memsz) {
        parts.add(new Part(PT_LOAD, 7, vaddr, paddr, content, memsz));
        return this;
    }

    /// A note segment with a memory size of 0, as GRUB's has.
    TestElf notes(int type, byte[] notes) {
        parts.add(new Part(type, 4, 0, 0, notes, 0));
        return this;
    }

    TestElf section(String name, int type, byte[] content) {
        sections.add(new Section(name, type, content));
        return this;
    }

    static byte[] note(int type, String text) {
        return note("Xen", type, (text + "\0").getBytes(StandardCharsets.US_ASCII));
    }

    static byte[] note(int type, long value) {
        return note("Xen", type, little(8).putLong(value).array());
    }

    static byte[] note(String owner, int type, byte[] description) {
        byte[] name = (owner + "\0").getBytes(StandardCharsets.US_ASCII);
        return little(12 + padded(name.length) + padded(description.length))
                .putInt(name.length).putInt(description.length).putInt(type).put(name)
                .position(12 + padded(name.length)).put(description).array();
    }

    static byte[] concat(byte[]... pieces) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] piece : pieces) {
            all.writeBytes(piece);
        }
        return all.toByteArray();
    }

    byte[] build() {
        List<Section> all = new ArrayList<>();
        if (!sections.isEmpty()) {
            all.add(new Section("", 0, new byte[0]));
            all.addAll(sections);
            all.add(new Section(".shstrtab", SHT_STRTAB, names()));
        }
        long contents = HEADER + (long) parts.size() * PROGRAM_HEADER;
        long end = contents;
        for (Part part : parts) {
            end = padded8(end) + part.content.length;
        }
        for (Section section : all) {
            end = padded8(end) + section.content.length;
        }
        ByteBuffer elf = little((int) (padded8(end) + (long) all.size() * SECTION_HEADER));
        header(elf, all.size(), padded8(end));
        long at = programHeaders(elf, contents);
        sectionHeaders(elf, all, at, padded8(end));
        return elf.array();
    }

    private void header(ByteBuffer elf, int sectionCount, long sectionsAt) {
        elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
        elf.putShort((short) 2).putShort((short) 62).putInt(1).putLong(entry).putLong(HEADER)
                .putLong(sectionCount == 0 ? 0 : sectionsAt).putInt(0).putShort((short) HEADER)
                .putShort((short) PROGRAM_HEADER).putShort((short) parts.size())
                .putShort((short) SECTION_HEADER).putShort((short) sectionCount)
                .putShort((short) Math.max(0, sectionCount - 1));
    }

    private long programHeaders(ByteBuffer elf, long contents) {
        long at = contents;
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            at = padded8(at);
            elf.position(HEADER + i * PROGRAM_HEADER);
            elf.putInt(part.type).putInt(part.flags).putLong(at).putLong(part.vaddr).putLong(part.paddr)
                    .putLong(part.content.length).putLong(part.memsz).putLong(NOTE_ALIGN);
            elf.position((int) at).put(part.content);
            at += part.content.length;
        }
        return at;
    }

    private static void sectionHeaders(ByteBuffer elf, List<Section> all, long contents, long headers) {
        long at = contents;
        int nameAt = 0;
        for (int i = 0; i < all.size(); i++) {
            Section section = all.get(i);
            at = padded8(at);
            elf.position((int) headers + i * SECTION_HEADER);
            elf.putInt(i == 0 ? 0 : nameAt).putInt(section.type).putLong(0).putLong(0)
                    .putLong(i == 0 ? 0 : at).putLong(section.content.length).putInt(0).putInt(0)
                    .putLong(i == 0 ? 0 : NOTE_ALIGN).putLong(0);
            elf.position((int) at).put(section.content);
            at += section.content.length;
            nameAt += section.name.length() + 1;
        }
    }

    private byte[] names() {
        StringBuilder names = new StringBuilder("\0");
        sections.forEach(section -> names.append(section.name).append('\0'));
        return names.append(".shstrtab\0").toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static ByteBuffer little(int byteLength) {
        return ByteBuffer.allocate(byteLength).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int padded(int length) {
        return length + 3 & ~3;
    }

    private static long padded8(long length) {
        return length + 7 & ~7L;
    }
}
