package xenolith.vmm.mm;

import java.util.Arrays;

/// Frames in the order in which they were put aside, by index. Grows as needed, never beyond the machine's frames,
/// since a frame is put aside once.
final class FrameStack {
    private int[] indices = new int[64];
    private int count;

    void push(int i) {
        if (count == indices.length) {
            indices = Arrays.copyOf(indices, 2 * count);
        }
        indices[count++] = i;
    }

    int pop() {
        return indices[--count];
    }

    boolean isEmpty() {
        return count == 0;
    }

    void moveTo(FrameStack other) {
        while (count > 0) {
            other.push(pop());
        }
    }
}
