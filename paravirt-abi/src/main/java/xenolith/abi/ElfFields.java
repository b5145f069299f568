package xenolith.abi;

import static xenolith.abi.CLayout.offsetOf;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The structs of a 64-bit little-endian ELF file, from the System V ABI (`<elf.h>`).
///
/// A hostile file puts them at any offset, so nothing here asks for alignment. The readers below do not check ranges:
/// [ElfImage] does, before it reads.
final class ElfFields {
    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong XWORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private ElfFields() {
    }

    static int half(MemorySegment s, long offset) {
        return Short.toUnsignedInt(s.get(HALF, offset));
    }

    static int word(MemorySegment s, long offset) {
        return s.get(WORD, offset);
    }

    static long xword(MemorySegment s, long offset) {
        return s.get(XWORD, offset);
    }

    /// The file header.
    static final class Ehdr {
        static final StructLayout LAYOUT = MemoryLayout.structLayout(
                MemoryLayout.sequenceLayout(16, ValueLayout.JAVA_BYTE).withName("e_ident"),
                HALF.withName("e_type"), HALF.withName("e_machine"), WORD.withName("e_version"),
                XWORD.withName("e_entry"), XWORD.withName("e_phoff"), XWORD.withName("e_shoff"),
                WORD.withName("e_flags"), HALF.withName("e_ehsize"),
                HALF.withName("e_phentsize"), HALF.withName("e_phnum"),
                HALF.withName("e_shentsize"), HALF.withName("e_shnum"), HALF.withName("e_shstrndx"))
                .withName("Elf64_Ehdr");
        static final long SIZEOF = LAYOUT.byteSize();
        static final long TYPE = offsetOf(LAYOUT, "e_type");
        static final long MACHINE = offsetOf(LAYOUT, "e_machine");
        static final long VERSION = offsetOf(LAYOUT, "e_version");
        static final long ENTRY = offsetOf(LAYOUT, "e_entry");
        static final long PHOFF = offsetOf(LAYOUT, "e_phoff");
        static final long SHOFF = offsetOf(LAYOUT, "e_shoff");
        static final long PHENTSIZE = offsetOf(LAYOUT, "e_phentsize");
        static final long PHNUM = offsetOf(LAYOUT, "e_phnum");
        static final long SHENTSIZE = offsetOf(LAYOUT, "e_shentsize");
        static final long SHNUM = offsetOf(LAYOUT, "e_shnum");
        static final long SHSTRNDX = offsetOf(LAYOUT, "e_shstrndx");

        private Ehdr() {
        }
    }

    /// A program header.
    static final class Phdr {
        static final StructLayout LAYOUT = MemoryLayout.structLayout(
                WORD.withName("p_type"), WORD.withName("p_flags"), XWORD.withName("p_offset"),
                XWORD.withName("p_vaddr"), XWORD.withName("p_paddr"), XWORD.withName("p_filesz"),
                XWORD.withName("p_memsz"), XWORD.withName("p_align")).withName("Elf64_Phdr");
        static final long SIZEOF = LAYOUT.byteSize();
        static final long TYPE = offsetOf(LAYOUT, "p_type");
        static final long FLAGS = offsetOf(LAYOUT, "p_flags");
        static final long OFFSET = offsetOf(LAYOUT, "p_offset");
        static final long VADDR = offsetOf(LAYOUT, "p_vaddr");
        static final long PADDR = offsetOf(LAYOUT, "p_paddr");
        static final long FILESZ = offsetOf(LAYOUT, "p_filesz");
        static final long MEMSZ = offsetOf(LAYOUT, "p_memsz");
        static final long ALIGN = offsetOf(LAYOUT, "p_align");

        private Phdr() {
        }
    }

    /// A section header.
    static final class Shdr {
        static final StructLayout LAYOUT = MemoryLayout.structLayout(
                WORD.withName("sh_name"), WORD.withName("sh_type"), XWORD.withName("sh_flags"),
                XWORD.withName("sh_addr"), XWORD.withName("sh_offset"), XWORD.withName("sh_size"),
                WORD.withName("sh_link"), WORD.withName("sh_info"),
                XWORD.withName("sh_addralign"), XWORD.withName("sh_entsize")).withName("Elf64_Shdr");
        static final long SIZEOF = LAYOUT.byteSize();
        static final long NAME = offsetOf(LAYOUT, "sh_name");
        static final long TYPE = offsetOf(LAYOUT, "sh_type");
        static final long FLAGS = offsetOf(LAYOUT, "sh_flags");
        static final long ADDR = offsetOf(LAYOUT, "sh_addr");
        static final long OFFSET = offsetOf(LAYOUT, "sh_offset");
        static final long SIZE = offsetOf(LAYOUT, "sh_size");
        static final long LINK = offsetOf(LAYOUT, "sh_link");
        static final long ADDRALIGN = offsetOf(LAYOUT, "sh_addralign");
        static final long ENTSIZE = offsetOf(LAYOUT, "sh_entsize");

        private Shdr() {
        }
    }

    /// A symbol.
    static final class Sym {
        static final StructLayout LAYOUT = MemoryLayout.structLayout(
                WORD.withName("st_name"), ValueLayout.JAVA_BYTE.withName("st_info"),
                ValueLayout.JAVA_BYTE.withName("st_other"), HALF.withName("st_shndx"),
                XWORD.withName("st_value"), XWORD.withName("st_size")).withName("Elf64_Sym");
        static final long SIZEOF = LAYOUT.byteSize();
        static final long NAME = offsetOf(LAYOUT, "st_name");
        static final long SHNDX = offsetOf(LAYOUT, "st_shndx");
        static final long VALUE = offsetOf(LAYOUT, "st_value");
        static final long SIZE = offsetOf(LAYOUT, "st_size");

        private Sym() {
        }
    }

    /// The header of a note; name and description follow.
    static final class Nhdr {
        static final StructLayout LAYOUT = MemoryLayout.structLayout(
                WORD.withName("n_namesz"), WORD.withName("n_descsz"), WORD.withName("n_type")).withName("Elf64_Nhdr");
        static final long SIZEOF = LAYOUT.byteSize();
        static final long NAMESZ = offsetOf(LAYOUT, "n_namesz");
        static final long DESCSZ = offsetOf(LAYOUT, "n_descsz");
        static final long TYPE = offsetOf(LAYOUT, "n_type");

        private Nhdr() {
        }
    }
}
