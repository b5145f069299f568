package xenolith.vmm.image;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import xenolith.abi.BadImageException;
import xenolith.abi.ElfImage;
import xenolith.abi.ElfNote;
import xenolith.abi.XenElfNote;

/// The Xen notes of an image by their type, not yet judged. Of several notes of a type the last counts, as on Xen.
///
/// Malformed values throw [BadImageException], as [ElfNote] does.
final class NoteTable {
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int TYPES = XenElfNote.XEN_ELFNOTE_MAX + 1;
    private static final int PAIR = 2 * Long.BYTES;
    private static final int MAX_PAIRS = 64;

    private final ElfNote[] byType = new ElfNote[TYPES];

    private NoteTable() {
    }

    /// The notes of `elf`, or nothing if none is Xen's. Types that are not known are passed over: kernels newer than
    /// this code have some.
    static Optional<NoteTable> read(ElfImage elf) {
        NoteTable table = new NoteTable();
        boolean found = false;
        for (ElfNote note : elf.notes()) {
            if (note.isXen() && note.type() >= 0 && note.type() < TYPES) {
                table.byType[note.type()] = note;
                found = true;
            }
        }
        return found ? Optional.of(table) : Optional.empty();
    }

    boolean has(int type) {
        return byType[type] != null;
    }

    OptionalLong number(int type) {
        return has(type) ? OptionalLong.of(byType[type].number()) : OptionalLong.empty();
    }

    long number(int type, long otherwise) {
        return number(type).orElse(otherwise);
    }

    boolean flag(int type) {
        return number(type, 0) != 0;
    }

    /// A text note, "" if there is none.
    String text(int type) {
        return has(type) ? byType[type].text() : "";
    }

    /// The pairs of 64-bit mask and value in L1_MFN_VALID.
    List<XenNotes.L1MfnValid> l1MfnValid() {
        List<XenNotes.L1MfnValid> pairs = new ArrayList<>();
        ElfNote note = byType[XenElfNote.XEN_ELFNOTE_L1_MFN_VALID];
        if (note == null) {
            return pairs;
        }
        long byteLength = note.desc().byteSize();
        if (byteLength % PAIR != 0 || byteLength > MAX_PAIRS * PAIR) {
            throw new BadImageException("note L1_MFN_VALID of %d bytes holds no pairs".formatted(byteLength));
        }
        for (long at = 0; at < byteLength; at += PAIR) {
            pairs.add(new XenNotes.L1MfnValid(note.desc().get(U64, at), note.desc().get(U64, at + Long.BYTES)));
        }
        return pairs;
    }
}
