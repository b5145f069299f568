package xenolith.xenstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Optional;

/// What Java code can do with the store, inside a transaction and outside. Paths without a leading slash lie below the
/// caller's home. Every method may throw a [XenstoreException].
public abstract sealed class StoreOperations permits StoreClient, StoreTransaction {
    private final View view;

    StoreOperations(View view) {
        this.view = view;
    }

    /// The value as text, or nothing if there is no such node.
    public Optional<String> read(String path) {
        return readBytes(path).map(bytes -> new String(bytes, UTF_8));
    }

    /// The value, or nothing if there is no such node.
    public Optional<byte[]> readBytes(String path) {
        try {
            return Optional.of(view.read(resolve(path)).clone());
        } catch (XenstoreException.NotFound _) {
            return Optional.empty();
        }
    }

    public boolean exists(String path) {
        try {
            view.readable(resolve(path));
            return true;
        } catch (XenstoreException.NotFound _) {
            return false;
        }
    }

    /// The names of the node's children in alphabetical order; none if there is no such node.
    public List<String> list(String path) {
        try {
            return view.list(resolve(path));
        } catch (XenstoreException.NotFound _) {
            return List.of();
        }
    }

    /// Gives a node a value, making it and what is missing above it.
    public void write(String path, String value) {
        writeBytes(path, value.getBytes(UTF_8));
    }

    /// As [#write] for octets.
    public void writeBytes(String path, byte[] value) {
        view.apply(new Change.Write(resolve(path), value.clone()));
    }

    /// Makes a node and what is missing above it, if it does not exist.
    public void makeDirectory(String path) {
        view.apply(new Change.MakeDirectory(resolve(path)));
    }

    /// Removes a node and all below it, if it exists.
    public void remove(String path) {
        try {
            view.apply(new Change.Remove(resolve(path)));
        } catch (XenstoreException.NotFound _) {
            // Not even its parent exists: it is as gone as can be.
        }
    }

    /// The permissions of a node, or of a special name such as `@releaseDomain`.
    public Permissions permissions(String path) {
        return view.permissions(resolveWatchable(path));
    }

    /// Sets the permissions of a node, or of a special name.
    public void setPermissions(String path, Permissions permissions) {
        view.apply(new Change.SetPermissions(resolveWatchable(path), permissions));
    }

    final Path resolveWatchable(String path) {
        return Path.resolveWatchable(path, view.caller().domid());
    }

    private Path resolve(String path) {
        return Path.resolve(path, view.caller().domid());
    }
}
