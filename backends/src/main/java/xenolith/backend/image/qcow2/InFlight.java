package xenolith.backend.image.qcow2;

import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/// What threads are doing with clusters outside the image's lock, under which all of this is.
///
/// Each step has a number, so that it can be told whether all that began before a moment have ended. A writer that gives
/// a cluster of the disk a new place has that cluster to itself until the place is in the table.
final class InFlight {
    private final Condition freed;
    private long next = 1;
    /// Numbers of the steps that are going on, and the clusters of the disk that each has to itself.
    private long[] numbers = new long[8];
    private long[] firsts = new long[8];
    private long[] ends = new long[8];

    InFlight(Lock lock) {
        freed = lock.newCondition();
    }

    /// Begins a step. Returns its place.
    int begin() {
        int place = 0;
        while (place < numbers.length && numbers[place] != 0) {
            place++;
        }
        if (place == numbers.length) {
            numbers = Arrays.copyOf(numbers, 2 * place);
            firsts = Arrays.copyOf(firsts, 2 * place);
            ends = Arrays.copyOf(ends, 2 * place);
        }
        numbers[place] = next++;
        return place;
    }

    /// Has the clusters from `first` up to `end` to itself, which nobody else has.
    void own(int place, long first, long end) {
        firsts[place] = first;
        ends[place] = end;
    }

    void end(int place) {
        numbers[place] = 0;
        if (ends[place] != 0) {
            ends[place] = 0;
            firsts[place] = 0;
            freed.signalAll();
        }
    }

    /// The first cluster from `first` up to `end` that somebody has to himself, or `end`.
    long firstOwned(long first, long end) {
        long found = end;
        for (int i = 0; i < numbers.length; i++) {
            if (firsts[i] < found && ends[i] > first) {
                found = Math.max(first, firsts[i]);
            }
        }
        return found;
    }

    /// Waits until something is nobody's own any more.
    void await() {
        freed.awaitUninterruptibly();
    }

    /// A number that all steps that are going on are below, and all later ones are not.
    long now() {
        return next - 1;
    }

    /// The number of the oldest step that is going on.
    long oldest() {
        long oldest = next;
        for (long number : numbers) {
            if (number != 0) {
                oldest = Math.min(oldest, number);
            }
        }
        return oldest;
    }
}
