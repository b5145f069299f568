package xenolith.abi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import xenolith.abi.ElfFields.Sym;
import xenolith.abi.ElfImage.Section;

/// Looks a name up in a symbol table.
final class ElfSymbols {
    private static final int SHN_UNDEF = 0;

    private ElfSymbols() {
    }

    /// One pass over the table; the entries' own names are compared in place and never copied.
    static Optional<ElfImage.Symbol> find(ElfImage image, Section table, String name) {
        MemorySegment strings = strings(image, table);
        MemorySegment symbols = image.bytes(table);
        MemorySegment wanted = MemorySegment.ofArray((name + '\0').getBytes(StandardCharsets.UTF_8));
        long count = symbols.byteSize() / Sym.SIZEOF;
        for (long i = 0; i < count; i++) {
            long at = i * Sym.SIZEOF;
            if (ElfFields.half(symbols, at + Sym.SHNDX) != SHN_UNDEF
                    && isNamed(strings, Integer.toUnsignedLong(ElfFields.word(symbols, at + Sym.NAME)), wanted)) {
                return Optional.of(new ElfImage.Symbol(name, ElfFields.xword(symbols, at + Sym.VALUE),
                        ElfFields.xword(symbols, at + Sym.SIZE)));
            }
        }
        return Optional.empty();
    }

    private static MemorySegment strings(ElfImage image, Section table) {
        int link = table.link();
        if (table.entsize() != Sym.SIZEOF || link <= 0 || link >= image.sections().size()
                || image.sections().get(link).type() != ElfImage.SHT_STRTAB) {
            throw new BadImageException("symbol table with entries of %d bytes and strings in section %d"
                    .formatted(table.entsize(), link));
        }
        return image.bytes(image.sections().get(link));
    }

    private static boolean isNamed(MemorySegment strings, long offset, MemorySegment wanted) {
        long length = wanted.byteSize();
        return offset <= strings.byteSize() - length
                && strings.get(ValueLayout.JAVA_BYTE, offset) == wanted.get(ValueLayout.JAVA_BYTE, 0)
                && MemorySegment.mismatch(strings, offset, offset + length, wanted, 0, length) < 0;
    }
}
