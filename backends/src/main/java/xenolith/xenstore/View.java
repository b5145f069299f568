package xenolith.xenstore;

import java.util.List;
import xenolith.xenstore.Permissions.Access;
import xenolith.xenstore.XenstoreException.AccessDenied;

/// The store as one caller sees it, inside a transaction or outside: what may be read, and a way to change it.
abstract class View {
    private final Caller caller;

    View(Caller caller) {
        this.caller = caller;
    }

    Caller caller() {
        return caller;
    }

    /// The tree that reads see.
    abstract Tree tree();

    /// Told of each node before it is read.
    abstract void touch(Path path);

    /// Makes a change, or throws a [XenstoreException].
    abstract void apply(Change change);

    /// The node at `path`.
    ///
    /// @throws XenstoreException if there is none or the caller may not read it
    Node readable(Path path) {
        touch(path);
        Tree seen = tree();
        Node node = seen.get(path);
        if (node == null) {
            throw Change.missing(seen, path, caller);
        }
        if (!node.permissions().allows(caller, Access.READ)) {
            throw new AccessDenied(Access.READ + " of " + path);
        }
        return node;
    }

    /// The value; the array must not be changed nor handed to a stranger.
    byte[] read(Path path) {
        return readable(path).value();
    }

    List<String> list(Path path) {
        return readable(path).children().names();
    }

    Permissions permissions(Path path) {
        return readable(path).permissions();
    }
}
