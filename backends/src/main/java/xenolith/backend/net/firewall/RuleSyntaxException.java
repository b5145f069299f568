package xenolith.backend.net.firewall;

/// A line that is no rule. The message is one line that names the word and what could stand there.
public final class RuleSyntaxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RuleSyntaxException(String message) {
        super(message);
    }
}
