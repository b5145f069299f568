package xenolith.backend;

import java.io.IOException;

/// The guest's ring indices cannot be true. Whoever catches this stops serving that guest and tells the operator why.
public final class BrokenRingException extends IOException {
    private static final long serialVersionUID = 1L;

    /// A reason, one line. A guest can cause this once, as it is not served any more.
    public BrokenRingException(String reason) {
        super(reason);
    }
}
