package xenolith.tool.input;

/// A running domain, or its store, did not do what it was asked: there is no such node, it has ended meanwhile, nobody
/// answers.
///
/// The message is one line. The command line prints it alone and ends with status 1.
public final class ControlException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ControlException(String message) {
        super(message);
    }

    public ControlException(String message, Throwable cause) {
        super(message, cause);
    }
}
