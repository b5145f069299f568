package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.XenConsole;
import xenolith.abi.XenErrno;

/// `console_io` (`xen.h`): a guest's words before it has a console of its own go to the domain's log.
final class ConsoleHypercall {
    /// Bytes copied at a time; a longer write goes on in further pieces.
    private static final int PIECE = 1024;
    /// A log may be slow.
    private static final int PIECE_COST = 32;

    private final byte[] buffer = new byte[PIECE];

    long consoleIo(CallContext c, long cmd, long count, long va) {
        return switch ((int) cmd) {
            case XenConsole.CONSOLEIO_WRITE -> write(c, count, va);
            // What is typed goes to the paravirtual console alone.
            case XenConsole.CONSOLEIO_READ -> (int) count < 0 ? -XenErrno.E2BIG : 0;
            default -> -XenErrno.ENOSYS;
        };
    }

    private long write(CallContext c, long count, long va) {
        long total = count & 0xffff_ffffL;
        for (long done = c.progress(); done < total; done += PIECE) {
            if (c.isPieceOver(PIECE_COST)) {
                c.progress(done);
                return CallContext.AGAIN;
            }
            int piece = (int) Math.min(PIECE, total - done);
            if (!c.copyIn(va + done, piece)) {
                c.progress(0);
                return -XenErrno.EFAULT;
            }
            MemorySegment.copy(c.scratch(), ValueLayout.JAVA_BYTE, 0, buffer, 0, piece);
            c.domain().log().guestOutput(buffer, piece);
        }
        c.progress(0);
        return 0;
    }
}
