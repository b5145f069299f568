package xenolith.tool.input;

/// The caller asked for something that cannot be: an unreadable file, an image that is no PV kernel, a bad size.
///
/// The message is one line that says what is wrong and, where that helps, what to do. The command line prints it alone
/// and ends with status 2.
public final class BadInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BadInputException(String message) {
        super(message);
    }

    public BadInputException(String message, Throwable cause) {
        super(message, cause);
    }
}
