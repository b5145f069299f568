package xenolith.posix;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/// `struct timespec` of `<time.h>`, filled from nanoseconds.
final class Timespec {
    static final StructLayout LAYOUT = MemoryLayout.structLayout(
            ValueLayout.JAVA_LONG.withName("tv_sec"),
            ValueLayout.JAVA_LONG.withName("tv_nsec")).withName("timespec");

    private static final long TV_SEC = LAYOUT.byteOffset(PathElement.groupElement("tv_sec"));
    private static final long TV_NSEC = LAYOUT.byteOffset(PathElement.groupElement("tv_nsec"));
    private static final long NS_PER_S = 1_000_000_000L;

    private Timespec() {
    }

    /// Writes a duration, which is not negative, at byte offset `at`.
    static void set(MemorySegment segment, long at, long durationNs) {
        segment.set(ValueLayout.JAVA_LONG, at + TV_SEC, durationNs / NS_PER_S);
        segment.set(ValueLayout.JAVA_LONG, at + TV_NSEC, durationNs % NS_PER_S);
    }
}
