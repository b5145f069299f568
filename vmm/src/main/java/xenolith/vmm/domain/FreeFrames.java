package xenolith.vmm.domain;

import xenolith.vmm.guest.MachineMemory;

/// The machine frames that a domain may have again: those it gave back, and some spare ones so that runs can be found.
///
/// One bit for each frame of the machine, so its size is known from the first day whatever the guest does. Runs are
/// found lowest first and aligned to their size, as Xen's are; a search looks at 64 frames a step.
///
/// Lock: the domain's.
public final class FreeFrames {
    private static final int WORD_ORDER = 6;
    /// For each order below [#WORD_ORDER], the bits of a word at which an aligned run may begin.
    private static final long[] STARTS = {
        ~0L, 0x5555_5555_5555_5555L, 0x1111_1111_1111_1111L, 0x0101_0101_0101_0101L, 0x0001_0001_0001_0001L,
        0x0000_0001_0000_0001L,
    };

    private final long[] words;
    private final long frameCount;
    /// No word before this one has a bit set.
    private int lowestWord;

    /// None is free at first.
    public FreeFrames(long machineFrameCount) {
        this.frameCount = machineFrameCount;
        this.words = new long[Math.toIntExact((machineFrameCount + Long.SIZE - 1) / Long.SIZE)];
        this.lowestWord = words.length;
    }

    /// Frees `count` frames from `mfn` on.
    public void add(long mfn, long count) {
        int first = index(mfn, count);
        for (int i = first; i < first + count; i++) {
            if ((words[i >>> WORD_ORDER] >>> i & 1) != 0) {
                throw new IllegalStateException("mfn=" + Long.toHexString(MachineMemory.BASE_MFN + i) + " freed twice");
            }
            words[i >>> WORD_ORDER] |= 1L << i;
        }
        lowestWord = Math.min(lowestWord, first >>> WORD_ORDER);
    }

    /// Takes `count` frames from `mfn` on, all of them free.
    void remove(long mfn, long count) {
        int first = index(mfn, count);
        for (int i = first; i < first + count; i++) {
            if ((words[i >>> WORD_ORDER] >>> i & 1) == 0) {
                throw new IllegalStateException("mfn=" + Long.toHexString(MachineMemory.BASE_MFN + i) + " is not free");
            }
            words[i >>> WORD_ORDER] &= ~(1L << i);
        }
    }

    /// The lowest run of 2^`order` free frames that ends before `limitMfn`, or -1. Nothing is taken yet.
    long find(int order, long limitMfn) {
        while (lowestWord < words.length && words[lowestWord] == 0) {
            lowestWord++;
        }
        int i = order < WORD_ORDER ? findWithinWord(order) : findWords(1 << order - WORD_ORDER);
        long mfn = MachineMemory.BASE_MFN + i;
        return i < 0 || mfn + (1L << order) > limitMfn ? -1 : mfn;
    }

    private int findWithinWord(int order) {
        for (int w = lowestWord; w < words.length; w++) {
            long runs = words[w];
            for (int length = 1; length < 1 << order; length <<= 1) {
                runs &= runs >>> length;
            }
            runs &= STARTS[order];
            if (runs != 0) {
                return (w << WORD_ORDER) + Long.numberOfTrailingZeros(runs);
            }
        }
        return -1;
    }

    private int findWords(int count) {
        for (int w = lowestWord + count - 1 & -count; w + count <= words.length; w += count) {
            int full = 0;
            while (full < count && words[w + full] == ~0L) {
                full++;
            }
            if (full == count) {
                return w << WORD_ORDER;
            }
        }
        return -1;
    }

    private int index(long mfn, long count) {
        long i = mfn - MachineMemory.BASE_MFN;
        if (i < 0 || count < 0 || i + count > frameCount) {
            throw new IllegalArgumentException("mfn=" + Long.toHexString(mfn) + " count=" + count
                    + " is outside the machine");
        }
        return (int) i;
    }
}
