package xenolith.abi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import xenolith.abi.ElfFields.Nhdr;
import xenolith.abi.ElfImage.ProgramHeader;
import xenolith.abi.ElfImage.Section;

/// A note of an [ElfImage]: who defined it, its number there, and its contents, a read-only slice of the file.
public record ElfNote(String name, int type, MemorySegment desc) {
    private static final int MAX_NAME = 255;

    /// Whether it is one of [XenElfNote].
    public boolean isXen() {
        return name.equals(XenElfNote.OWNER);
    }

    /// The contents as an unsigned number. Throws [BadImageException] unless they have 1, 2, 4 or 8 bytes.
    public long number() {
        return switch ((int) Math.min(desc.byteSize(), 9)) {
            case 1 -> Byte.toUnsignedLong(desc.get(ValueLayout.JAVA_BYTE, 0));
            case 2 -> ElfFields.half(desc, 0);
            case 4 -> Integer.toUnsignedLong(ElfFields.word(desc, 0));
            case 8 -> ElfFields.xword(desc, 0);
            default -> throw new BadImageException("note %s %d holds %d bytes, which is no number"
                    .formatted(ElfFile.printable(name), type, desc.byteSize()));
        };
    }

    /// The contents as text, up to the first zero or the end. Throws [BadImageException] beyond 255 characters.
    public String text() {
        for (long length = 0; length <= MAX_NAME; length++) {
            if (length == desc.byteSize() || desc.get(ValueLayout.JAVA_BYTE, length) == 0) {
                return ElfFile.text(desc, 0, length);
            }
        }
        throw new BadImageException("note %s %d holds text of more than %d bytes"
                .formatted(ElfFile.printable(name), type, MAX_NAME));
    }

    static List<ElfNote> readAll(ElfImage image) {
        List<ElfNote> notes = new ArrayList<>();
        List<ProgramHeader> segments =
                image.programHeaders().stream().filter(h -> h.type() == ElfImage.PT_NOTE).toList();
        for (ProgramHeader segment : segments) {
            read(image.bytes(segment), segment.align(), notes);
        }
        for (Section section : image.sections()) {
            if (section.type() == ElfImage.SHT_NOTE && segments.stream().noneMatch(s -> covers(s, section))) {
                read(image.bytes(section), section.align(), notes);
            }
        }
        return List.copyOf(notes);
    }

    private static boolean covers(ProgramHeader segment, Section section) {
        return section.offset() >= segment.offset()
                && section.offset() + section.size() <= segment.offset() + segment.filesz();
    }

    /// Each round moves on by a note header at least, so a region is read in as many rounds as it has room for.
    private static void read(MemorySegment region, long declaredAlign, List<ElfNote> notes) {
        long align = declaredAlign == 8 ? 8 : 4;
        long at = 0;
        while (region.byteSize() - at >= Nhdr.SIZEOF) {
            long nameSize = Integer.toUnsignedLong(ElfFields.word(region, at + Nhdr.NAMESZ));
            long descSize = Integer.toUnsignedLong(ElfFields.word(region, at + Nhdr.DESCSZ));
            long nameAt = at + Nhdr.SIZEOF;
            long descAt = up(nameAt + nameSize, align);
            if (nameSize > MAX_NAME + 1 || descSize > 0 && descAt + descSize > region.byteSize()
                    || nameAt + nameSize > region.byteSize()) {
                throw new BadImageException("note at 0x%x of 0x%x with a name of %d and contents of %d bytes"
                        .formatted(at, region.byteSize(), nameSize, descSize));
            }
            if (nameSize > 0) {
                add(notes, region, at, nameAt, nameSize, descSize == 0 ? 0 : descAt, descSize);
            }
            at = up(descAt + descSize, align);
        }
    }

    private static void add(List<ElfNote> notes, MemorySegment region, long at, long nameAt, long nameSize,
            long descAt, long descSize) {
        if (notes.size() == ElfImage.MAX_NOTES) {
            throw new BadImageException("more than %d notes".formatted(ElfImage.MAX_NOTES));
        }
        boolean terminated = region.get(ValueLayout.JAVA_BYTE, nameAt + nameSize - 1) == 0;
        String name = ElfFile.text(region, nameAt, terminated ? nameSize - 1 : nameSize);
        notes.add(new ElfNote(name, ElfFields.word(region, at + Nhdr.TYPE), region.asSlice(descAt, descSize)));
    }

    private static long up(long offset, long align) {
        return offset + align - 1 & -align;
    }
}
