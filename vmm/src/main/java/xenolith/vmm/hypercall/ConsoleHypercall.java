package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.XenConsole;
import xenolith.abi.XenErrno;

/// `console_io` (`xen.h`): a guest's words before it has a console of its own go to the domain's log.
final class ConsoleHypercall {
    /// Bytes copied at a time; a longer write goes on in further pieces.
    private static final int PIECE = 1024;
    /// What one call may write; Xen preempts after less. The answer says how much it was.
    private static final long MOST = 64 * 1024;

    private final byte[] buffer = new byte[PIECE];

    long consoleIo(CallContext c, long cmd, long count, long va) {
        if (cmd == XenConsole.CONSOLEIO_READ) {
            return 0;
        }
        if (cmd != XenConsole.CONSOLEIO_WRITE) {
            return -XenErrno.ENOSYS;
        }
        long total = Math.min(count & 0xffff_ffffL, MOST);
        for (long done = 0; done < total; done += PIECE) {
            int piece = (int) Math.min(PIECE, total - done);
            if (!c.copyIn(va + done, piece)) {
                return -XenErrno.EFAULT;
            }
            MemorySegment.copy(c.scratch(), ValueLayout.JAVA_BYTE, 0, buffer, 0, piece);
            c.domain().log().guestOutput(buffer, piece);
        }
        return 0;
    }
}
