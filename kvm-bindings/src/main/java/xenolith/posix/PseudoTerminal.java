package xenolith.posix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A pair of pseudo-terminal ends: we hold the master, whoever opens [#name] has the other.
///
/// We hold the other end open too, so that the master reads as quiet, not as broken (EIO), while nobody has it open.
/// One thread reads and one writes.
public final class PseudoTerminal implements AutoCloseable {
    static final int TIOCSPTLCK = 0x40045431;
    static final int TIOCGPTN = 0x80045430;
    private static final int O_NOCTTY = 0x100;

    private final Fd master;
    private final Fd slave;
    private final String name;

    private PseudoTerminal(Fd master, Fd slave, String name) {
        this.master = master;
        this.slave = slave;
        this.name = name;
    }

    /// A new pair in raw mode, with a master that does not block.
    public static PseudoTerminal open() {
        Fd master = Fd.open("/dev/ptmx", Fd.O_RDWR | Fd.O_NONBLOCK | O_NOCTTY);
        Fd slave = null;
        try {
            String name = unlock(master);
            slave = Fd.open(name, Fd.O_RDWR | O_NOCTTY);
            Termios mode = Termios.of(slave.raw());
            if (mode != null) {
                mode.makeRaw();
            }
            return new PseudoTerminal(master, slave, name);
        } catch (RuntimeException e) {
            if (slave != null) {
                slave.close();
            }
            master.close();
            throw e;
        }
    }

    /// The other end's file: `/dev/pts/3`.
    public String name() {
        return name;
    }

    /// The master's descriptor, to wait for.
    public int raw() {
        return master.raw();
    }

    /// Reads up to `n` bytes typed at the other end, or returns `-EAGAIN`.
    public long read(MemorySegment buf, long n) {
        return master.read(buf, n);
    }

    /// Writes up to `n` bytes for the other end, or returns `-EAGAIN` where nobody has read what was written before.
    public long write(MemorySegment buf, long n) {
        return master.write(buf, n);
    }

    @Override
    public void close() {
        slave.close();
        master.close();
    }

    private static String unlock(Fd master) {
        CallState state = CallState.ofThread();
        MemorySegment number = state.scratch();
        number.set(ValueLayout.JAVA_INT, 0, 0);
        HostException.check("TIOCSPTLCK", master.ioctl(state, TIOCSPTLCK, number.address()));
        HostException.check("TIOCGPTN", master.ioctl(state, TIOCGPTN, number.address()));
        return "/dev/pts/" + number.get(ValueLayout.JAVA_INT, 0);
    }
}
