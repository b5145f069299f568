package xenolith.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.IntPredicate;
import xenolith.abi.io.FrontRing;
import xenolith.abi.io.Netif;
import xenolith.abi.io.Netif.ExtraInfo;
import xenolith.abi.io.Netif.RxRequest;
import xenolith.abi.io.Netif.RxResponse;
import xenolith.backend.FrontendException;

/// A guest that posts pages for frames, the ring's record, and backends that fill them and are killed at one of their
/// steps. Frame `n` has `n % 4 + 1` pieces, and every third a slot of extra information behind its first; each piece says
/// by its offset which frame it is of, and by its status which piece.
final class MortalReceiver {
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private final MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
    private final MemorySegment recordMemory = Arena.ofAuto().allocate(RingRecord.BYTES, 8);
    private final FrontRing front = new FrontRing(0, Netif.RX, page);
    private final MemorySegment request = Arena.ofAuto().allocate(RxRequest.SIZEOF, 8);
    private final MemorySegment response = Arena.ofAuto().allocate(RxResponse.SIZEOF, 8);
    private final Deque<Integer> posted = new ArrayDeque<>();
    private final IntPredicate dies;
    private final int total;
    private int nextId;
    private int nextFrame;
    /// Of the frame that the guest is receiving: its number, and how many pieces it has.
    private int frame = -1;
    private int pieces;
    private boolean extraComes;
    private int received;
    int steps;
    int deaths;

    /// @param dies  whether a backend is killed at step `n` of all
    /// @param total how many frames the guest is to receive
    MortalReceiver(IntPredicate dies, int total) {
        this.dies = dies;
        this.total = total;
    }

    private void step() {
        if (dies.test(steps++)) {
            throw new Killed();
        }
    }

    void run() throws FrontendException {
        while (received < total) {
            while (front.free() > 0) {
                RxRequest.id(request, 0, nextId & 0xFF);
                RxRequest.gref(request, 0, 1000 + (nextId & 0xFF));
                front.put(request, 0);
                posted.add(nextId++ & 0xFF);
            }
            front.push();
            try {
                serve();
            } catch (Killed _) {
                deaths++;
            }
            collect();
        }
    }

    private void serve() throws FrontendException {
        RingRecord record = new RingRecord(recordMemory) {
            @Override
            void step() {
                MortalReceiver.this.step();
            }
        };
        RecordedRing ring = RecordedRing.attach(record, InFlightMatch.NET_RX, Netif.RX, page);
        for (int frames = 0; ring.waiting() >= 5; frames++) {
            int number = nextFrame++;
            boolean extra = number % 3 == 0;
            for (int piece = 0; piece <= number % 4; piece++) {
                boolean more = piece < number % 4;
                put(ring, (more ? Netif.NETRXF_MORE_DATA : 0) | (extra && piece == 0 ? Netif.NETRXF_EXTRA_INFO : 0), number,
                        piece + 1);
                if (extra && piece == 0) {
                    ring.take(request, 0);
                    response.fill((byte) 0);
                    ExtraInfo.type(response, 0, Netif.XEN_NETIF_EXTRA_TYPE_GSO);
                    ring.put(response, 0);
                }
            }
            if (frames % 3 == 2) {
                ring.push();
            }
        }
        ring.push();
    }

    private void put(RecordedRing ring, int flags, int frameNumber, int piece) {
        step();
        ring.take(request, 0);
        assertThat(RxRequest.gref(request, 0)).as("a page of its own").isEqualTo(1000 + RxRequest.id(request, 0));
        RxResponse.id(response, 0, RxRequest.id(request, 0));
        RxResponse.offset(response, 0, frameNumber & 0xFFF);
        RxResponse.flags(response, 0, flags);
        RxResponse.status(response, 0, piece);
        ring.put(response, 0);
    }

    /// Every page comes back once, in order, and every frame whole.
    private void collect() {
        for (int count = front.waiting(); count > 0; count--) {
            front.take(response, 0);
            int id = posted.remove();
            if (extraComes) {
                extraComes = false;
            } else {
                assertThat(RxResponse.id(response, 0)).isEqualTo(id);
                piece(RxResponse.flags(response, 0));
            }
            if (pieces == 0 && !extraComes) {
                received++;
            }
        }
        assertThat(pieces).as("no frame is published by halves").isZero();
    }

    private void piece(int flags) {
        if (pieces == 0) {
            frame = RxResponse.offset(response, 0);
        }
        assertThat(RxResponse.offset(response, 0)).as("all pieces are of one frame").isEqualTo(frame);
        assertThat(RxResponse.status(response, 0)).isEqualTo(++pieces);
        extraComes = (flags & Netif.NETRXF_EXTRA_INFO) != 0;
        if ((flags & Netif.NETRXF_MORE_DATA) == 0) {
            pieces = 0;
        }
    }
}
