package xenolith.xenstore;

/// A request that cannot be done. [XsError#of] says what each becomes on the wire.
///
/// Without stack traces: a guest can cause them at will, and the message names path and reason.
public abstract sealed class XenstoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    XenstoreException(String message) {
        super(message, null, false, false);
    }

    /// The path breaks the rules of length or of characters, or cannot be meant here.
    public static final class InvalidPath extends XenstoreException {
        private static final long serialVersionUID = 1L;

        InvalidPath(String reason) {
            super(reason);
        }
    }

    /// The payload of a request is not what its type asks for.
    public static final class MalformedRequest extends XenstoreException {
        private static final long serialVersionUID = 1L;

        MalformedRequest(String reason) {
            super(reason);
        }
    }

    /// There is no such node, watch, transaction or domain.
    public static final class NotFound extends XenstoreException {
        private static final long serialVersionUID = 1L;

        NotFound(String what) {
            super("no such " + what);
        }
    }

    /// The very same watch is registered already.
    public static final class AlreadyExists extends XenstoreException {
        private static final long serialVersionUID = 1L;

        AlreadyExists(String what) {
            super(what + " exists");
        }
    }

    /// The caller's permissions do not allow it.
    public static final class AccessDenied extends XenstoreException {
        private static final long serialVersionUID = 1L;

        AccessDenied(String what) {
            super("no permission: " + what);
        }
    }

    /// Only a privileged caller may give a node to another owner.
    public static final class NotOwnersRight extends XenstoreException {
        private static final long serialVersionUID = 1L;

        NotOwnersRight(Path path) {
            super("only a privileged domain changes the owner of " + path);
        }
    }

    /// The caller would keep more here than its [Quota] allows.
    public static final class QuotaExceeded extends XenstoreException {
        private static final long serialVersionUID = 1L;

        QuotaExceeded(String what, int limit) {
            super("more " + what + " than " + limit);
        }
    }

    /// The caller would have more watches than its [Quota] allows: a kind of its own because Xen reports it apart.
    public static final class TooManyWatches extends XenstoreException {
        private static final long serialVersionUID = 1L;

        TooManyWatches(int limit) {
            super("more watches than " + limit);
        }
    }

    /// Another change came between the transaction's start and its end. Try again.
    public static final class Conflict extends XenstoreException {
        private static final long serialVersionUID = 1L;

        Conflict(String what) {
            super("changed meanwhile: " + what);
        }
    }

    /// The reply does not fit a message.
    public static final class ReplyTooBig extends XenstoreException {
        private static final long serialVersionUID = 1L;

        ReplyTooBig(int byteLength) {
            super("a reply of " + byteLength + " bytes");
        }
    }

    /// A transaction was started inside a transaction.
    public static final class NestedTransaction extends XenstoreException {
        private static final long serialVersionUID = 1L;

        NestedTransaction() {
            super("a transaction cannot start inside another");
        }
    }

    /// There is no such operation here.
    public static final class NotSupported extends XenstoreException {
        private static final long serialVersionUID = 1L;

        NotSupported(String what) {
            super("not supported: " + what);
        }
    }
}
