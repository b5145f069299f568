package xenolith.abi;

import java.io.Serial;

/// An image that is not what it claims to be; the message is one line for the operator, with the offending numbers.
///
/// Unchecked, because an image is refused as a whole at one place: where the domain is built.
public final class BadImageException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    public BadImageException(String message) {
        super(message);
    }
}
