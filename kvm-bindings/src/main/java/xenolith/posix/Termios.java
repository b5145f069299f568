package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/// The mode of a terminal, as `struct termios` of `<asm-generic/termbits.h>`: taken once, so that it can be put back.
///
/// These are the kernel's ioctls and not libc's tcsetattr, because ioctl is a call shape that the hypervisor links
/// anyway; libc's own structure is longer and has another layout.
public final class Termios {
    private static final int CONTROL_CHARACTERS = 19;
    static final StructLayout LAYOUT = MemoryLayout.structLayout(
            ValueLayout.JAVA_INT.withName("c_iflag"),
            ValueLayout.JAVA_INT.withName("c_oflag"),
            ValueLayout.JAVA_INT.withName("c_cflag"),
            ValueLayout.JAVA_INT.withName("c_lflag"),
            ValueLayout.JAVA_BYTE.withName("c_line"),
            MemoryLayout.sequenceLayout(CONTROL_CHARACTERS, ValueLayout.JAVA_BYTE).withName("c_cc")).withName("termios");

    private static final long C_IFLAG = LAYOUT.byteOffset(PathElement.groupElement("c_iflag"));
    private static final long C_LFLAG = LAYOUT.byteOffset(PathElement.groupElement("c_lflag"));
    private static final long C_CC = LAYOUT.byteOffset(PathElement.groupElement("c_cc"));

    static final int TCGETS = 0x5401;
    static final int TCSETS = 0x5402;

    private static final int BRKINT = 0x2;
    private static final int PARMRK = 0x8;
    private static final int ISTRIP = 0x20;
    private static final int INLCR = 0x40;
    private static final int IGNCR = 0x80;
    private static final int ICRNL = 0x100;
    private static final int IXON = 0x400;
    private static final int ISIG = 0x1;
    private static final int ICANON = 0x2;
    private static final int ECHO = 0x8;
    private static final int ECHONL = 0x40;
    private static final int IEXTEN = 0x8000;
    private static final int VTIME = 5;
    private static final int VMIN = 6;

    private final int fd;
    private final MemorySegment saved;

    private Termios(int fd, MemorySegment saved) {
        this.fd = fd;
        this.saved = saved;
    }

    /// The present mode of the terminal at descriptor `fd`, or null where `fd` is no terminal.
    public static Termios of(int fd) {
        MemorySegment mode = Arena.ofAuto().allocate(LAYOUT);
        int result = Libc.ioctl(CallState.ofThread(), fd, TCGETS, mode.address());
        return result < 0 ? null : new Termios(fd, mode);
    }

    /// Every byte typed comes at once, unchanged and without echo; no key makes a signal.
    ///
    /// Output is still processed (OPOST stays): a line of our own that ends in a bare line feed keeps to the left edge,
    /// and a guest's carriage return and line feed lose nothing by it.
    public void makeRaw() {
        MemorySegment raw = Arena.ofAuto().allocate(LAYOUT).copyFrom(saved);
        clear(raw, C_IFLAG, BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
        clear(raw, C_LFLAG, ISIG | ICANON | ECHO | ECHONL | IEXTEN);
        raw.set(ValueLayout.JAVA_BYTE, C_CC + VMIN, (byte) 1);
        raw.set(ValueLayout.JAVA_BYTE, C_CC + VTIME, (byte) 0);
        HostException.check("TCSETS", set(raw));
    }

    /// Puts the mode back that [#of] found. Returns whether the terminal took it; one that has hung up does not.
    public boolean restore() {
        return set(saved) == 0;
    }

    private int set(MemorySegment mode) {
        return Libc.ioctl(CallState.ofThread(), fd, TCSETS, mode.address());
    }

    private static void clear(MemorySegment mode, long offset, int bits) {
        mode.set(ValueLayout.JAVA_INT, offset, mode.get(ValueLayout.JAVA_INT, offset) & ~bits);
    }
}
