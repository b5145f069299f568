package xenolith.abi;

/// Commands of the console_io hypercall, from xen/include/public/xen.h.
///
/// The emergency console, not the ring of xen/include/public/io/console.h. Linux writes its earliest lines here.
public final class XenConsole {
    /// Arguments: byte count, guest address. Writes to the emergency console, which is our log.
    public static final int CONSOLEIO_WRITE = 0;
    /// Arguments: byte count, guest address. Answers the number of bytes read, 0 if none wait.
    public static final int CONSOLEIO_READ = 1;

    private XenConsole() {
    }
}
