package xenolith.vmm.image;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import xenolith.abi.BadImageException;
import xenolith.abi.ElfImage;

/// The `__xen_guest` section: `NAME=value` pairs in one text, joined by commas. Older than the notes; Mini-OS still
/// has it.
///
/// Two names mean other things than the notes of today (`xen/include/public/elfnote.h`, "LEGACY"): HYPERCALL_PAGE is
/// a pseudo-physical page number, and ELF_PADDR_OFFSET defaults to VIRT_BASE.
final class LegacyGuestInfo {
    static final String SECTION = "__xen_guest";
    private static final int MAX_TEXT = 4096;
    private static final int PAGE_SHIFT = 12;
    /// The largest page number whose address is still an address.
    private static final long MAX_PAGE = -1L >>> PAGE_SHIFT;

    private final Map<String, String> values;

    private LegacyGuestInfo(Map<String, String> values) {
        this.values = values;
    }

    static LegacyGuestInfo parse(String text) {
        Map<String, String> values = new HashMap<>();
        for (String pair : text.split(",", -1)) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            values.put(name.strip(), equals < 0 ? "" : pair.substring(equals + 1).strip());
        }
        return new LegacyGuestInfo(values);
    }

    /// The section's pairs, or nothing if `elf` has no such section. Throws [BadImageException] if it is endless.
    static Optional<LegacyGuestInfo> read(ElfImage elf) {
        return elf.section(SECTION).map(section -> parse(text(elf.bytes(section))));
    }

    private static String text(MemorySegment section) {
        if (section.byteSize() > MAX_TEXT) {
            throw new BadImageException("section %s of %d bytes; at most %d are read"
                    .formatted(SECTION, section.byteSize(), MAX_TEXT));
        }
        String text = new String(section.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
        int end = text.indexOf('\0');
        return end < 0 ? text : text.substring(0, end);
    }

    XenNotes toNotes(long elfEntry) {
        long virtBase = number("VIRT_BASE").orElse(0);
        return new XenNotes(
                values.getOrDefault("GUEST_OS", ""),
                values.getOrDefault("GUEST_VER", ""),
                values.getOrDefault("XEN_VER", ""),
                values.getOrDefault("LOADER", ""),
                virtBase,
                number("ELF_PADDR_OFFSET").orElse(virtBase),
                number("VIRT_ENTRY").orElse(elfEntry),
                hypercallPage(virtBase),
                OptionalLong.empty(),
                false,
                XenFeatures.parse(values.getOrDefault("FEATURES", "")),
                false,
                List.of(),
                OptionalLong.empty(),
                values.getOrDefault("PAE", ""),
                values.containsKey("BSD_SYMTAB"));
    }

    private OptionalLong hypercallPage(long virtBase) {
        OptionalLong page = number("HYPERCALL_PAGE");
        if (page.isEmpty()) {
            return page;
        }
        if (Long.compareUnsigned(page.getAsLong(), MAX_PAGE) > 0) {
            throw bad("HYPERCALL_PAGE");
        }
        return OptionalLong.of(virtBase + (page.getAsLong() << PAGE_SHIFT));
    }

    /// A number as C writes it: 0x for hexadecimal, a leading 0 for octal, else decimal; 64 bits, unsigned.
    private OptionalLong number(String name) {
        String value = values.get(name);
        if (value == null) {
            return OptionalLong.empty();
        }
        try {
            if (value.startsWith("0x") || value.startsWith("0X")) {
                return OptionalLong.of(Long.parseUnsignedLong(value, 2, value.length(), 16));
            }
            boolean octal = value.length() > 1 && value.startsWith("0");
            return OptionalLong.of(Long.parseUnsignedLong(value, octal ? 8 : 10));
        } catch (NumberFormatException notANumber) {
            throw bad(name);
        }
    }

    private BadImageException bad(String name) {
        return new BadImageException("section %s says %s=\"%s\", which is no such number"
                .formatted(SECTION, name, XenNotes.printable(values.get(name))));
    }
}
