package xenolith.vmm.guest;

/// Returns to the host what is behind machine frames that nobody owns for now.
@FunctionalInterface
public interface FrameDiscard {
    /// From now on the frames cost the host nothing, and read as zeroes until somebody writes to them. No guest has a
    /// translation of them when this is called.
    ///
    /// @throws xenolith.posix.HostException if the host refuses
    void discard(long mfn, long frameCount);
}
