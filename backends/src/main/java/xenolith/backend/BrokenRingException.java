package xenolith.backend;

/// The guest's ring indices cannot be true. Whoever catches this stops serving that guest and tells the operator why.
public final class BrokenRingException extends Exception {
    private static final long serialVersionUID = 1L;

    /// A reason, one line. No stack trace: a guest can cause this at will, and the line says all there is to know.
    public BrokenRingException(String reason) {
        super(reason, null, false, false);
    }
}
