package xenolith.xenstore;

import java.util.List;

/// What a client can ask for: one record per operation of the wire, read and checked by [RequestParser].
sealed interface Request {
    /// @param words the command and what comes with it, at least one
    record Control(List<String> words) implements Request {
    }

    record Directory(Path path) implements Request {
    }

    /// A directory in parts: the names from the byte `offset` of the whole list on.
    record DirectoryPart(Path path, int offset) implements Request {
    }

    record Read(Path path) implements Request {
    }

    record GetPermissions(Path path) implements Request {
    }

    /// A change to the tree: `WRITE`, `MKDIR`, `RM` or `SET_PERMS`.
    record Modify(Change change) implements Request {
    }

    record AddWatch(Path path, String token, boolean relative, int depth) implements Request {
    }

    record RemoveWatch(Path path, String token) implements Request {
    }

    record ResetWatches() implements Request {
    }

    record TransactionStart() implements Request {
    }

    record TransactionEnd(boolean commit) implements Request {
    }

    record GetDomainPath(int domid) implements Request {
    }

    record Introduce(int domid, long gfn, int port) implements Request {
    }

    record Release(int domid) implements Request {
    }

    record Resume(int domid) implements Request {
    }

    record IsDomainIntroduced(int domid) implements Request {
    }

    record SetTarget(int domid, int target) implements Request {
    }
}
