package xenolith.posix;

/// The host failed: a system call or an ioctl gave an error that the hypervisor cannot work around.
///
/// Never thrown for what a guest did. The message reads `KVM_CREATE_VM: EPERM (Operation not permitted)`.
public final class HostException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;

    /// `call` names the system call, ioctl or file; `errno` is positive.
    public HostException(String call, int errno) {
        super(call + ": " + Errno.name(errno) + " (" + Errno.text(errno) + ")");
        this.call = call;
        this.errno = errno;
    }

    /// Returns `result` unless it is negative, that is `-errno`.
    public static int check(String call, int result) {
        if (result < 0) {
            throw new HostException(call, -result);
        }
        return result;
    }

    /// Returns `result` unless it is negative, that is `-errno`.
    public static long check(String call, long result) {
        if (result < 0) {
            throw new HostException(call, (int) -result);
        }
        return result;
    }

    public String call() {
        return call;
    }

    public int errno() {
        return errno;
    }
}
