package xenolith.abi;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import xenolith.abi.ElfFields.Ehdr;
import xenolith.abi.ElfFields.Phdr;
import xenolith.abi.ElfFields.Shdr;

/// A 64-bit x86 ELF image: a guest's kernel, or the monitor.
///
/// The file is anyone's. Everything it says about itself is checked before it is followed; whatever does not hold
/// throws [BadImageException], and nothing else is thrown. Loops run over at most [#MAX_PROGRAM_HEADERS],
/// [#MAX_SECTIONS] and [#MAX_NOTES] entries, or once over a symbol table within the file. Headers are copied out;
/// contents are not: slices of the file are read-only and change if the caller changes the file.
///
/// Only the file's format is checked. Where segments may go in a domain is the builder's judgement: two segments may
/// overlap here, and `p_vaddr` may be 0 where `p_paddr` is meant.
public final class ElfImage {
    public static final int MAX_PROGRAM_HEADERS = 128;
    public static final int MAX_SECTIONS = 4096;
    public static final int MAX_NOTES = 1024;

    /// Program header type: to be loaded.
    public static final int PT_LOAD = 1;
    /// Program header type: notes.
    public static final int PT_NOTE = 4;
    /// Section type: symbols.
    public static final int SHT_SYMTAB = 2;
    /// Section type: strings.
    public static final int SHT_STRTAB = 3;
    /// Section type: notes.
    public static final int SHT_NOTE = 7;
    /// Section type: takes no bytes in the file.
    public static final int SHT_NOBITS = 8;

    private static final int SHT_NULL = 0;
    private static final int MAX_NAME = 255;
    private static final int MAGIC = 0x464C457F;
    private static final int CLASS64_LITTLE_VERSION1 = 0x010102;
    private static final int ET_EXEC = 2;
    private static final int ET_DYN = 3;
    private static final int EM_X86_64 = 62;

    private final ElfFile file;
    private final long entry;
    private final List<ProgramHeader> programHeaders;
    private final List<Section> sections;

    /// One program header. Sizes and addresses of a [#PT_LOAD] neither exceed the file nor wrap.
    public record ProgramHeader(int type, int flags, long offset, long vaddr, long paddr, long filesz, long memsz,
            long align) {
        public static final int FLAG_EXECUTE = 1;
        public static final int FLAG_WRITE = 2;
        public static final int FLAG_READ = 4;

        public boolean isLoad() {
            return type == PT_LOAD;
        }
    }

    /// One section header, with its name looked up.
    public record Section(String name, int type, long flags, long addr, long offset, long size, int link, long align,
            long entsize) {
    }

    /// A defined symbol.
    public record Symbol(String name, long value, long size) {
    }

    private ElfImage(ElfFile file) {
        this.file = file;
        MemorySegment header = checkedHeader(file);
        this.entry = ElfFields.xword(header, Ehdr.ENTRY);
        this.programHeaders = readProgramHeaders(header);
        this.sections = readSections(header);
    }

    /// Reads the headers of `image`, heap or native, of any alignment.
    public static ElfImage parse(MemorySegment image) {
        return new ElfImage(new ElfFile(image));
    }

    /// Reads the headers of the buffer's remaining bytes; the buffer's position stays.
    public static ElfImage parse(ByteBuffer image) {
        return parse(MemorySegment.ofBuffer(image));
    }

    /// The virtual address at which the image wants to be entered.
    public long entry() {
        return entry;
    }

    public List<ProgramHeader> programHeaders() {
        return programHeaders;
    }

    public List<Section> sections() {
        return sections;
    }

    /// The first section of that name.
    public Optional<Section> section(String name) {
        return sections.stream().filter(s -> s.name().equals(name)).findFirst();
    }

    /// The segment's bytes in the file, `filesz` of them.
    public MemorySegment bytes(ProgramHeader header) {
        return file.slice("segment", header.offset(), header.filesz());
    }

    /// The section's bytes in the file; none for a section without.
    public MemorySegment bytes(Section section) {
        return file.slice("section " + section.name(), section.offset(), hasBytes(section) ? section.size() : 0);
    }

    /// All notes: of PT_NOTE segments, then of SHT_NOTE sections that no such segment covers.
    ///
    /// Both are read by their place in the file, since a segment may occupy no memory. Kernels exist that have only
    /// the sections.
    public List<ElfNote> notes() {
        return ElfNote.readAll(this);
    }

    /// The defined symbol of that name in the symbol table; empty if there is none, or no table.
    public Optional<Symbol> symbol(String name) {
        return sections.stream().filter(s -> s.type() == SHT_SYMTAB).findFirst()
                .flatMap(table -> ElfSymbols.find(this, table, name));
    }

    /// The defined symbol that lies at `address` or last below it; empty if there is none, or no table.
    public Optional<Symbol> nearestSymbol(long address) {
        return sections.stream().filter(s -> s.type() == SHT_SYMTAB).findFirst()
                .flatMap(table -> ElfSymbols.nearest(this, table, address));
    }

    private static boolean hasBytes(Section section) {
        return section.type() != SHT_NOBITS && section.type() != SHT_NULL;
    }

    private static MemorySegment checkedHeader(ElfFile file) {
        if (file.bytes().byteSize() < Ehdr.SIZEOF || ElfFields.word(file.bytes(), 0) != MAGIC) {
            throw new BadImageException("not an ELF image");
        }
        MemorySegment header = file.slice("ELF header", 0, Ehdr.SIZEOF);
        int identity = ElfFields.word(header, Integer.BYTES) & 0xFFFFFF;
        int machine = ElfFields.half(header, Ehdr.MACHINE);
        if (identity != CLASS64_LITTLE_VERSION1 || machine != EM_X86_64 || ElfFields.word(header, Ehdr.VERSION) != 1) {
            throw new BadImageException("not a 64-bit x86 ELF image: identity 0x%x, machine %d"
                    .formatted(identity, machine));
        }
        int type = ElfFields.half(header, Ehdr.TYPE);
        if (type != ET_EXEC && type != ET_DYN) {
            throw new BadImageException("ELF type %d is neither executable nor shared".formatted(type));
        }
        return header;
    }

    private List<ProgramHeader> readProgramHeaders(MemorySegment header) {
        int count = ElfFields.half(header, Ehdr.PHNUM);
        if (count == 0) {
            return List.of();
        }
        checkTable("program headers", count, MAX_PROGRAM_HEADERS, ElfFields.half(header, Ehdr.PHENTSIZE), Phdr.SIZEOF);
        MemorySegment table = file.slice("program headers", ElfFields.xword(header, Ehdr.PHOFF), count * Phdr.SIZEOF);
        List<ProgramHeader> result = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ProgramHeader read = programHeader(table, i * Phdr.SIZEOF);
            if (read.isLoad()) {
                checkLoad(i, read);
            }
            result.add(read);
        }
        return List.copyOf(result);
    }

    private static ProgramHeader programHeader(MemorySegment table, long at) {
        return new ProgramHeader(ElfFields.word(table, at + Phdr.TYPE), ElfFields.word(table, at + Phdr.FLAGS),
                ElfFields.xword(table, at + Phdr.OFFSET), ElfFields.xword(table, at + Phdr.VADDR),
                ElfFields.xword(table, at + Phdr.PADDR), ElfFields.xword(table, at + Phdr.FILESZ),
                ElfFields.xword(table, at + Phdr.MEMSZ), ElfFields.xword(table, at + Phdr.ALIGN));
    }

    private void checkLoad(int index, ProgramHeader h) {
        file.slice("segment " + index, h.offset(), h.filesz());
        if (h.memsz() < h.filesz()) {
            throw new BadImageException("segment %d has 0x%x bytes in the file and 0x%x in memory"
                    .formatted(index, h.filesz(), h.memsz()));
        }
        if (wraps(h.vaddr(), h.memsz()) || wraps(h.paddr(), h.memsz())) {
            throw new BadImageException("segment %d of 0x%x bytes wraps round: vaddr 0x%x, paddr 0x%x"
                    .formatted(index, h.memsz(), h.vaddr(), h.paddr()));
        }
    }

    private static boolean wraps(long address, long byteSize) {
        return byteSize != 0 && Long.compareUnsigned(address + byteSize - 1, address) < 0;
    }

    private List<Section> readSections(MemorySegment header) {
        long offset = ElfFields.xword(header, Ehdr.SHOFF);
        if (offset == 0) {
            return List.of();
        }
        int count = ElfFields.half(header, Ehdr.SHNUM);
        checkTable("section headers", count, MAX_SECTIONS, ElfFields.half(header, Ehdr.SHENTSIZE), Shdr.SIZEOF);
        MemorySegment table = file.slice("section headers", offset, count * Shdr.SIZEOF);
        MemorySegment names = sectionNames(table, count, ElfFields.half(header, Ehdr.SHSTRNDX));
        List<Section> result = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            result.add(checked(section(table, i * Shdr.SIZEOF, names)));
        }
        return List.copyOf(result);
    }

    private MemorySegment sectionNames(MemorySegment table, int count, int index) {
        if (index >= count) {
            throw new BadImageException("section %d of %d should hold the section names".formatted(index, count));
        }
        long at = index * Shdr.SIZEOF;
        boolean named = index != 0 && ElfFields.word(table, at + Shdr.TYPE) == SHT_STRTAB;
        return named
                ? file.slice("section names", ElfFields.xword(table, at + Shdr.OFFSET),
                        ElfFields.xword(table, at + Shdr.SIZE))
                : MemorySegment.NULL;
    }

    private static Section section(MemorySegment table, long at, MemorySegment names) {
        long nameOffset = Integer.toUnsignedLong(ElfFields.word(table, at + Shdr.NAME));
        String name = names.byteSize() == 0 ? "" : ElfFile.string("section name", names, nameOffset, MAX_NAME);
        return new Section(name, ElfFields.word(table, at + Shdr.TYPE), ElfFields.xword(table, at + Shdr.FLAGS),
                ElfFields.xword(table, at + Shdr.ADDR), ElfFields.xword(table, at + Shdr.OFFSET),
                ElfFields.xword(table, at + Shdr.SIZE), ElfFields.word(table, at + Shdr.LINK),
                ElfFields.xword(table, at + Shdr.ADDRALIGN), ElfFields.xword(table, at + Shdr.ENTSIZE));
    }

    private Section checked(Section section) {
        if (hasBytes(section)) {
            bytes(section);
        }
        return section;
    }

    private static void checkTable(String what, int count, int limit, int entrySize, long expectedSize) {
        if (count == 0 || count > limit || entrySize != expectedSize) {
            throw new BadImageException("%d %s of %d bytes; 1 to %d of %d bytes can be read"
                    .formatted(count, what, entrySize, limit, expectedSize));
        }
    }
}
