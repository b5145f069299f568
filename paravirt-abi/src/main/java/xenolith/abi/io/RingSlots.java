package xenolith.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.union;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.util.ArrayList;
import java.util.List;

/// The form of a ring's slots, from xen/include/public/io/ring.h (`DEFINE_RING_TYPES`): each holds a request and,
/// later, a response. Behind a header of 64 bytes there are as many as fit the pages, rounded down to a power of two.
///
/// @param headerByteSize   bytes before the first slot
/// @param slotByteSize     from one slot to the next
/// @param requestByteSize  bytes of a slot that are a request
/// @param responseByteSize bytes of a slot that are a response
public record RingSlots(int headerByteSize, int slotByteSize, int requestByteSize, int responseByteSize) {
    /// Bytes of a ring's page, whatever the guest's pages are.
    static final long PAGE_BYTES = 4096;

    private static final int PRIVATE_BYTES = 4;
    private static final int PADDING_BYTES = 44;

    /// What every ring begins with.
    static final StructLayout HEADER = struct("sring", header());

    /// `struct NAME_sring` with one slot.
    static StructLayout sring(String tag, StructLayout request, StructLayout response) {
        List<MemoryLayout> members = new ArrayList<>(List.of(header()));
        members.add(array("ring", 1, union("entry", request, response)));
        return struct(tag, members.toArray(MemoryLayout[]::new));
    }

    private static MemoryLayout[] header() {
        return new MemoryLayout[] {u32("req_prod"), u32("req_event"), u32("rsp_prod"), u32("rsp_event"),
            array("pvt", PRIVATE_BYTES, JAVA_BYTE), array("__pad", PADDING_BYTES, JAVA_BYTE)};
    }

    static RingSlots of(StructLayout sring, StructLayout request, StructLayout response) {
        long header = offsetOf(sring, "ring");
        return new RingSlots((int) header, (int) (sring.byteSize() - header), (int) request.byteSize(),
                (int) response.byteSize());
    }

    /// How many slots a ring of so many pages has.
    public int countIn(int pageCount) {
        return Integer.highestOneBit((int) (pageCount * PAGE_BYTES - headerByteSize) / slotByteSize);
    }
}
