package xenolith.xenstore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import xenolith.xenstore.Permissions.Access;
import xenolith.xenstore.XenstoreException.AlreadyExists;
import xenolith.xenstore.XenstoreException.NotFound;

/// All watches, found by the path watched. Guarded by the store's lock.
final class Watches {
    private final Map<Path, List<Watch>> byPath = new HashMap<>();

    /// Registers a watch and fires it once, whether its node exists or not.
    void add(Watch watch) {
        List<Watch> there = byPath.computeIfAbsent(watch.path(), _ -> new ArrayList<>());
        for (Watch other : there) {
            if (other.isSame(watch.watcher(), watch.path(), watch.token())) {
                throw new AlreadyExists("a watch of " + watch.path());
            }
        }
        there.add(watch);
        watch.fire(watch.path());
    }

    void remove(Watcher watcher, Path path, String token) {
        List<Watch> there = byPath.getOrDefault(path, List.of());
        for (int i = 0; i < there.size(); i++) {
            if (there.get(i).isSame(watcher, path, token)) {
                there.remove(i);
                forgetIfEmpty(path, there);
                return;
            }
        }
        throw new NotFound("watch: " + path);
    }

    void removeAll(Watcher watcher) {
        byPath.values().removeIf(there -> {
            there.removeIf(watch -> watch.watcher() == watcher);
            return there.isEmpty();
        });
    }

    /// Whether the domain watches `path` or anything below it.
    boolean anyOf(int domid, Path path) {
        for (Map.Entry<Path, List<Watch>> entry : byPath.entrySet()) {
            if (entry.getKey().depth() >= path.depth() && entry.getKey().ancestor(path.depth()).equals(path)
                    && entry.getValue().stream().anyMatch(watch -> watch.watcher().caller().domid() == domid)) {
                return true;
            }
        }
        return false;
    }

    private void forgetIfEmpty(Path path, List<Watch> there) {
        if (there.isEmpty()) {
            byPath.remove(path);
        }
    }

    /// Tells the watchers of `path` and of all above it that it changed, and if it is gone, those of what was below.
    void fireChange(Path path, Tree before, Tree after) {
        if (byPath.isEmpty()) {
            return;
        }
        for (int depth = path.isSpecial() ? 1 : 0; depth <= path.depth(); depth++) {
            for (Watch watch : byPath.getOrDefault(path.ancestor(depth), List.of())) {
                fireIfPermitted(watch, path, before, after);
            }
        }
        if (!path.isSpecial()) {
            fireGone(path.isRoot() ? "" : path.toString(), before.get(path), after.get(path), before, after);
        }
    }

    /// A watch below a removed node hears of its own path only, not of the node that was named.
    private void fireGone(String path, Node old, Node now, Tree before, Tree after) {
        if (old == null || now != null && now.children() == old.children()) {
            return;
        }
        for (int i = 0; i < old.children().size(); i++) {
            String name = old.children().name(i);
            if (now == null || now.children().get(name) == null) {
                Path child = Path.of(path + '/' + name);
                for (Watch watch : byPath.getOrDefault(child, List.of())) {
                    fireIfPermitted(watch, child, before, after);
                }
                fireGone(child.toString(), old.children().node(i), null, before, after);
            }
        }
    }

    private static void fireIfPermitted(Watch watch, Path path, Tree before, Tree after) {
        if (mayKnow(watch.watcher().caller(), path, before, after)) {
            watch.fire(path);
        }
    }

    /// A watcher hears of nodes that it can read, before or after the change. Where a node came or went, it is enough
    /// that it can list the parent, as it sees the name there.
    private static boolean mayKnow(Caller caller, Path path, Tree before, Tree after) {
        if (caller.privileged()) {
            return true;
        }
        Node old = before.get(path);
        Node now = after.get(path);
        if (readable(old, caller) || readable(now, caller)) {
            return true;
        }
        boolean cameOrWent = (old == null) != (now == null);
        return cameOrWent && !path.isSpecial() && !path.isRoot()
                && (readable(before.get(path.parent()), caller) || readable(after.get(path.parent()), caller));
    }

    private static boolean readable(Node node, Caller caller) {
        return node != null && node.permissions().allows(caller, Access.READ);
    }
}
