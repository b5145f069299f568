package xenolith.abi.io;

import static xenolith.abi.CLayout.offsetOf;

import java.lang.foreign.MemorySegment;
import xenolith.abi.SharedWord;

/// The pages of a ring that both halves write, which need not lie together: its four indices and its slots.
///
/// A slot may begin in one page and end in the next. What is here keeps nothing to itself and believes nothing.
final class RingPages {
    private static final long REQ_PROD = offsetOf(RingSlots.HEADER, "req_prod");
    private static final long REQ_EVENT = offsetOf(RingSlots.HEADER, "req_event");
    private static final long RSP_PROD = offsetOf(RingSlots.HEADER, "rsp_prod");
    private static final long RSP_EVENT = offsetOf(RingSlots.HEADER, "rsp_event");

    private final MemorySegment[] pages;
    private final MemorySegment header;
    private final RingSlots slots;
    private final int size;

    /// @param pages each of 4096 bytes, aligned to them
    RingPages(RingSlots slots, MemorySegment... pages) {
        this.pages = pages.clone();
        this.header = pages[0];
        this.slots = slots;
        this.size = slots.countIn(pages.length);
    }

    /// How many slots there are: a power of two.
    int size() {
        return size;
    }

    /// Acquire: the frontend writes its requests first and this last.
    int reqProd() {
        return SharedWord.getIntAcquire(header, REQ_PROD);
    }

    void reqProd(int v) {
        SharedWord.setIntRelease(header, REQ_PROD, v);
    }

    /// Acquire: the backend writes its responses first and this last.
    int rspProd() {
        return SharedWord.getIntAcquire(header, RSP_PROD);
    }

    void rspProd(int v) {
        SharedWord.setIntRelease(header, RSP_PROD, v);
    }

    int reqEvent() {
        return SharedWord.getIntOpaque(header, REQ_EVENT);
    }

    void reqEvent(int v) {
        SharedWord.setIntOpaque(header, REQ_EVENT, v);
    }

    int rspEvent() {
        return SharedWord.getIntOpaque(header, RSP_EVENT);
    }

    void rspEvent(int v) {
        SharedWord.setIntOpaque(header, RSP_EVENT, v);
    }

    void clearHeader() {
        header.asSlice(0, slots.headerByteSize()).fill((byte) 0);
    }

    void getRequest(int index, MemorySegment to, long toOffset) {
        get(index, to, toOffset, slots.requestByteSize());
    }

    void setRequest(int index, MemorySegment from, long fromOffset) {
        set(index, from, fromOffset, slots.requestByteSize());
    }

    void getResponse(int index, MemorySegment to, long toOffset) {
        get(index, to, toOffset, slots.responseByteSize());
    }

    void setResponse(int index, MemorySegment from, long fromOffset) {
        set(index, from, fromOffset, slots.responseByteSize());
    }

    private long place(int index) {
        return slots.headerByteSize() + (long) (index & size - 1) * slots.slotByteSize();
    }

    private void get(int index, MemorySegment to, long toOffset, int byteLength) {
        long at = place(index);
        int page = (int) (at / RingSlots.PAGE_BYTES);
        long offset = at % RingSlots.PAGE_BYTES;
        long first = Math.min(byteLength, RingSlots.PAGE_BYTES - offset);
        MemorySegment.copy(pages[page], offset, to, toOffset, first);
        if (first < byteLength) {
            MemorySegment.copy(pages[page + 1], 0, to, toOffset + first, byteLength - first);
        }
    }

    private void set(int index, MemorySegment from, long fromOffset, int byteLength) {
        long at = place(index);
        int page = (int) (at / RingSlots.PAGE_BYTES);
        long offset = at % RingSlots.PAGE_BYTES;
        long first = Math.min(byteLength, RingSlots.PAGE_BYTES - offset);
        MemorySegment.copy(from, fromOffset, pages[page], offset, first);
        if (first < byteLength) {
            MemorySegment.copy(from, fromOffset + first, pages[page + 1], 0, byteLength - first);
        }
    }
}
