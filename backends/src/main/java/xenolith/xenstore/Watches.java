package xenolith.xenstore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import xenolith.xenstore.Permissions.Access;
import xenolith.xenstore.XenstoreException.AlreadyExists;
import xenolith.xenstore.XenstoreException.NotFound;

/// All watches, found by the path watched. Guarded by the store's lock.
///
/// A path's ancestors, and what lies below a removed node, are looked up by the hash that their text has, which grows
/// with it: no text is made for any of them, since a guest may make paths of a thousand names.
final class Watches {
    /// By the hash and the length of the path's text; those of other paths may be among them.
    private final Map<Long, List<Watch>> byPlace = new HashMap<>();

    /// A path that grows by a name at a time, with its text's hash.
    private static final class Place {
        private final StringBuilder text = new StringBuilder();
        private int hash;

        void enter(String name) {
            append('/');
            for (int i = 0; i < name.length(); i++) {
                append(name.charAt(i));
            }
        }

        private void append(char next) {
            text.append(next);
            hash = 31 * hash + next;
        }

        void leave(int length, int itsHash) {
            text.setLength(length);
            hash = itsHash;
        }
    }

    private static long key(int hash, int length) {
        return (long) hash << Integer.SIZE | length;
    }

    private static long key(Path path) {
        return key(path.hashCode(), path.toString().length());
    }

    /// Registers a watch and fires it once, whether its node exists or not.
    void add(Watch watch) {
        List<Watch> there = byPlace.computeIfAbsent(key(watch.path()), _ -> new ArrayList<>());
        for (Watch other : there) {
            if (other.isSame(watch.watcher(), watch.path(), watch.token())) {
                throw new AlreadyExists("a watch of " + watch.path());
            }
        }
        there.add(watch);
        watch.fire(watch.path());
    }

    void remove(Watcher watcher, Path path, String token) {
        List<Watch> there = byPlace.getOrDefault(key(path), List.of());
        for (int i = 0; i < there.size(); i++) {
            if (there.get(i).isSame(watcher, path, token)) {
                there.remove(i);
                if (there.isEmpty()) {
                    byPlace.remove(key(path));
                }
                return;
            }
        }
        throw new NotFound("watch: " + path);
    }

    void removeAll(Watcher watcher) {
        byPlace.values().removeIf(there -> {
            there.removeIf(watch -> watch.watcher() == watcher);
            return there.isEmpty();
        });
    }

    /// Whether the domain watches `path` or anything below it.
    boolean anyOf(int domid, Path path) {
        return byPlace.values().stream().flatMap(List::stream)
                .anyMatch(watch -> watch.path().isWithin(path) && watch.watcher().caller().domid() == domid);
    }

    /// Tells the watchers of `path` and of all above it that it changed, and if it is gone, those of what was below.
    void fireChange(Path path, Tree before, Tree after) {
        if (byPlace.isEmpty()) {
            return;
        }
        if (path.isSpecial()) {
            fireAt(path.hashCode(), path.toString(), path, before, after);
            return;
        }
        fireAt(Path.ROOT.hashCode(), Path.ROOT.toString(), path, before, after);
        Place place = new Place();
        for (int depth = 0; depth < path.depth(); depth++) {
            place.enter(path.name(depth));
            fireAt(place.hash, place.text, path, before, after);
        }
        fireGone(place, before.get(path), after.get(path), before, after);
    }

    /// Fires the watches of what `text` names.
    ///
    /// @param changed what they are told, or null for what they watch
    private void fireAt(int hash, CharSequence text, Path changed, Tree before, Tree after) {
        for (Watch watch : byPlace.getOrDefault(key(hash, text.length()), List.of())) {
            if (watch.path().toString().contentEquals(text)) {
                fireIfPermitted(watch, changed == null ? watch.path() : changed, before, after);
            }
        }
    }

    /// A watch below a removed node hears of its own path only, not of the node that was named.
    private void fireGone(Place place, Node old, Node now, Tree before, Tree after) {
        if (old == null || now != null && now.children() == old.children()) {
            return;
        }
        int length = place.text.length();
        int hash = place.hash;
        for (int i = 0; i < old.children().size(); i++) {
            String name = old.children().name(i);
            if (now == null || now.children().get(name) == null) {
                place.enter(name);
                fireAt(place.hash, place.text, null, before, after);
                fireGone(place, old.children().node(i), null, before, after);
                place.leave(length, hash);
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
