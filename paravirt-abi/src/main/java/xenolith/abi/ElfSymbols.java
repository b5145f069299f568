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
    private static final int MAX_NAME = 256;

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

    /// The defined symbol with the greatest value that is not above `address`, by an unsigned comparison.
    static Optional<ElfImage.Symbol> nearest(ElfImage image, Section table, long address) {
        MemorySegment strings = strings(image, table);
        MemorySegment symbols = image.bytes(table);
        long best = -1;
        long bestValue = 0;
        for (long at = 0; at + Sym.SIZEOF <= symbols.byteSize(); at += Sym.SIZEOF) {
            long value = ElfFields.xword(symbols, at + Sym.VALUE);
            if (ElfFields.half(symbols, at + Sym.SHNDX) != SHN_UNDEF && Long.compareUnsigned(value, address) <= 0
                    && Long.compareUnsigned(value, bestValue) > 0) {
                best = at;
                bestValue = value;
            }
        }
        if (best < 0) {
            return Optional.empty();
        }
        String name = text(strings, Integer.toUnsignedLong(ElfFields.word(symbols, best + Sym.NAME)));
        return Optional.of(new ElfImage.Symbol(name, bestValue, ElfFields.xword(symbols, best + Sym.SIZE)));
    }

    /// The name at `offset`, cut off where a name has no business to be so long.
    private static String text(MemorySegment strings, long offset) {
        StringBuilder name = new StringBuilder();
        for (long i = offset; i < strings.byteSize() && name.length() < MAX_NAME; i++) {
            byte next = strings.get(ValueLayout.JAVA_BYTE, i);
            if (next == 0) {
                break;
            }
            name.append(next >= ' ' && next < 0x7f ? (char) next : '?');
        }
        return name.toString();
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
