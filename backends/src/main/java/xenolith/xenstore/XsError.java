package xenolith.xenstore;

import xenolith.xenstore.XenstoreException.AccessDenied;
import xenolith.xenstore.XenstoreException.AlreadyExists;
import xenolith.xenstore.XenstoreException.Conflict;
import xenolith.xenstore.XenstoreException.InvalidPath;
import xenolith.xenstore.XenstoreException.MalformedRequest;
import xenolith.xenstore.XenstoreException.NestedTransaction;
import xenolith.xenstore.XenstoreException.NotFound;
import xenolith.xenstore.XenstoreException.NotOwnersRight;
import xenolith.xenstore.XenstoreException.NotSupported;
import xenolith.xenstore.XenstoreException.QuotaExceeded;
import xenolith.xenstore.XenstoreException.ReplyTooBig;
import xenolith.xenstore.XenstoreException.TooManyWatches;

/// The errors that go over the wire, as strings (`xsd_errors` of `xen/io/xs_wire.h`): those of the list that we use.
///
/// The OCaml xenstored also says `EQUOTA`. It is not in the header and a Linux guest takes it for `EINVAL`, so we say
/// `ENOSPC` and `E2BIG` as the C xenstored does.
public enum XsError {
    EINVAL,
    EACCES,
    EEXIST,
    ENOENT,
    ENOSPC,
    ENOSYS,
    EBUSY,
    EAGAIN,
    E2BIG,
    EPERM;

    /// The one table from what went wrong to what the client is told.
    static XsError of(XenstoreException e) {
        return switch (e) {
            case InvalidPath _, MalformedRequest _ -> EINVAL;
            case NotFound _ -> ENOENT;
            case AlreadyExists _ -> EEXIST;
            case AccessDenied _ -> EACCES;
            case NotOwnersRight _ -> EPERM;
            case QuotaExceeded _ -> ENOSPC;
            case TooManyWatches _, ReplyTooBig _ -> E2BIG;
            case Conflict _ -> EAGAIN;
            case NestedTransaction _ -> EBUSY;
            case NotSupported _ -> ENOSYS;
        };
    }
}
