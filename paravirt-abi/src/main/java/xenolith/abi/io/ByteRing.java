package xenolith.abi.io;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.lang.foreign.StructLayout;
import xenolith.abi.CLayout;
import xenolith.abi.SharedWord;
import xenolith.abi.XenErrno;

/// A stream of bytes between two sides through a shared page: one produces, one consumes.
///
/// Two 32-bit indices run freely and wrap at 2^32; the place of a byte is its index modulo the ring's size, a power of
/// two. `prod - cons`, in wrapping arithmetic, is the number of bytes under way, and a number above the size means that
/// one side lies or is broken.
///
/// Neither end says when to notify the other; the console and xenstore protocols send an event after every progress.
public final class ByteRing {
    private static final int BROKEN = -XenErrno.EINVAL;

    private ByteRing() {
    }

    /// Where a ring's parts stand, in bytes from the start of the shared struct.
    ///
    /// Throws `IllegalArgumentException` if `byteSize` is no power of two.
    public record Geometry(long dataOffset, int byteSize, long consOffset, long prodOffset) {
        public Geometry {
            if (Integer.bitCount(byteSize) != 1 || byteSize < 1) {
                throw new IllegalArgumentException("byteSize=" + byteSize + " is no power of two");
            }
        }

        static Geometry of(StructLayout layout, String data, int byteSize, String cons, String prod) {
            return new Geometry(CLayout.offsetOf(layout, data), byteSize,
                    CLayout.offsetOf(layout, cons), CLayout.offsetOf(layout, prod));
        }
    }

    /// The end that takes bytes out. Not for two threads at once.
    public static final class Consumer {
        private final MemorySegment page;
        private final Geometry ring;
        private int cons;

        /// Takes the end of a fresh ring, whose indices are both 0.
        public Consumer(MemorySegment page, Geometry ring) {
            this(page, ring, 0);
        }

        /// Takes the end over in the middle of the stream, at index `cons`.
        public Consumer(MemorySegment page, Geometry ring, int cons) {
            this.page = page;
            this.ring = ring;
            this.cons = cons;
        }

        /// Bytes that can be read now, or -EINVAL if the producer's index claims more than the ring holds.
        public int available() {
            // Acquire: the producer writes its bytes first and its index last, so the bytes below it are there.
            int used = SharedWord.getIntAcquire(page, ring.prodOffset()) - cons;
            return Integer.compareUnsigned(used, ring.byteSize()) > 0 ? BROKEN : used;
        }

        /// Moves up to `max` (not negative) bytes to `target` and returns how many: 0 if none wait, or -EINVAL.
        public int read(MemorySegment target, long targetOffset, int max) {
            int n = Math.min(available(), max);
            if (n <= 0) {
                return n;
            }
            int start = cons & ring.byteSize() - 1;
            int first = Math.min(n, ring.byteSize() - start);
            MemorySegment.copy(page, ring.dataOffset() + start, target, targetOffset, first);
            MemorySegment.copy(page, ring.dataOffset(), target, targetOffset + first, n - first);
            cons += n;
            // Release: the producer reads our index and overwrites what lies below it, which we have copied by now.
            SharedWord.setIntRelease(page, ring.consOffset(), cons);
            // Full: a producer that wrote more meanwhile looks at our index and tells us nothing if it is behind, for
            // then we are still at work. We are, if we look at its index again only after ours can be seen.
            VarHandle.fullFence();
            return n;
        }
    }

    /// The end that puts bytes in. Not for two threads at once.
    public static final class Producer {
        private final MemorySegment page;
        private final Geometry ring;
        private int prod;

        /// Takes the end of a fresh ring, whose indices are both 0.
        public Producer(MemorySegment page, Geometry ring) {
            this(page, ring, 0);
        }

        /// Takes the end over in the middle of the stream, at index `prod`.
        public Producer(MemorySegment page, Geometry ring, int prod) {
            this.page = page;
            this.ring = ring;
            this.prod = prod;
        }

        /// Bytes that can be written now, or -EINVAL if the consumer's index is ahead of ours or too far behind.
        public int space() {
            // Acquire: the consumer copies bytes out first and moves its index last, so the room below it is free.
            int used = prod - SharedWord.getIntAcquire(page, ring.consOffset());
            return Integer.compareUnsigned(used, ring.byteSize()) > 0 ? BROKEN : ring.byteSize() - used;
        }

        /// Moves up to `max` (not negative) bytes from `source` and returns how many: 0 if the ring is full, or -EINVAL.
        public int write(MemorySegment source, long sourceOffset, int max) {
            int n = Math.min(space(), max);
            if (n <= 0) {
                return n;
            }
            int start = prod & ring.byteSize() - 1;
            int first = Math.min(n, ring.byteSize() - start);
            MemorySegment.copy(source, sourceOffset, page, ring.dataOffset() + start, first);
            MemorySegment.copy(source, sourceOffset + first, page, ring.dataOffset(), n - first);
            prod += n;
            // Release: the consumer reads our index and then the bytes below it, which stand there by now.
            SharedWord.setIntRelease(page, ring.prodOffset(), prod);
            // Full: as for the consumer. One that freed room meanwhile tells us only if it saw the ring full.
            VarHandle.fullFence();
            return n;
        }
    }
}
