package xenolith.backend;

/// A mark at a device that outlives the process that serves it: the host could not store what the device had accepted.
/// It is never taken away; who attaches the device anew has a new one.
public interface LossMark {
    boolean isSet();

    void set();
}
