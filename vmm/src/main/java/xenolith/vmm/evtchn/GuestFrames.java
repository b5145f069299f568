package xenolith.vmm.evtchn;

/// Frames of the domain that it asks us to write to. Lock: the domain's.
public interface GuestFrames {
    /// Keeps a frame writable and with its owner: 0 or a negative errno.
    long getWritable(long mfn);

    void putWritable(long mfn);
}
