package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// The part of a message that carries descriptors (`SCM_RIGHTS` of `unix(7)`).
public final class SentDescriptors {
    /// The most that one message of ours carries.
    public static final int MAX = 4;
    /// The most that any can (`SCM_MAX_FD`). There is room for them, for the host would close the rest in our name.
    static final int MAX_RECEIVED = 253;

    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;

    static final StructLayout CMSGHDR = MemoryLayout.structLayout(
            ValueLayout.JAVA_LONG.withName("cmsg_len"),
            ValueLayout.JAVA_INT.withName("cmsg_level"),
            ValueLayout.JAVA_INT.withName("cmsg_type")).withName("cmsghdr");
    private static final long LEN = CMSGHDR.byteOffset(PathElement.groupElement("cmsg_len"));
    private static final long LEVEL = CMSGHDR.byteOffset(PathElement.groupElement("cmsg_level"));
    private static final long TYPE = CMSGHDR.byteOffset(PathElement.groupElement("cmsg_type"));
    private static final long DATA = CMSGHDR.byteSize();
    /// `CMSG_SPACE`.
    static final long BYTES = DATA + MAX_RECEIVED * Integer.BYTES + 7 & -8;

    private final MemorySegment control = Arena.ofAuto().allocate(BYTES, Long.BYTES);

    SentDescriptors() {
    }

    long address() {
        return control.address();
    }

    /// Returns how many bytes of the control part they take.
    long put(int... descriptors) {
        if (descriptors.length > MAX) {
            throw new IllegalArgumentException(descriptors.length + " descriptors");
        }
        if (descriptors.length == 0) {
            return 0;
        }
        long byteLength = DATA + (long) descriptors.length * Integer.BYTES;
        control.set(ValueLayout.JAVA_LONG, LEN, byteLength);
        control.set(ValueLayout.JAVA_INT, LEVEL, SOL_SOCKET);
        control.set(ValueLayout.JAVA_INT, TYPE, SCM_RIGHTS);
        for (int i = 0; i < descriptors.length; i++) {
            control.set(ValueLayout.JAVA_INT, DATA + (long) i * Integer.BYTES, descriptors[i]);
        }
        return byteLength;
    }

    /// Takes out what the kernel has put in.
    void take(long controlBytes, List<Fd> to) {
        if (controlBytes < DATA || control.get(ValueLayout.JAVA_INT, LEVEL) != SOL_SOCKET
                || control.get(ValueLayout.JAVA_INT, TYPE) != SCM_RIGHTS) {
            return;
        }
        long end = Math.min(control.get(ValueLayout.JAVA_LONG, LEN), BYTES);
        for (long at = DATA; at + Integer.BYTES <= end; at += Integer.BYTES) {
            to.add(new Fd(control.get(ValueLayout.JAVA_INT, at)));
        }
    }
}
