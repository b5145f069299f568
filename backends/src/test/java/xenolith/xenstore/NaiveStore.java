package xenolith.xenstore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import xenolith.abi.io.XsWire;

/// Xenstore as `docs/misc/xenstore.txt` and the C xenstored have it, in the simplest way that can be thought of: a map
/// from whole paths to nodes, looked through from end to end. Slow, without transactions, for comparison only.
final class NaiveStore {
    private static final String OK = "OK|";

    /// What is at a path: a value, and permissions as texts, the owner's first.
    private record Leaf(String value, List<String> permissions) {
        int owner() {
            return Integer.parseInt(permissions.getFirst().substring(1));
        }
    }

    private record Listener(int domid, String path, int depth) {
    }

    private final Quota quota;
    private final List<Listener> listeners = new ArrayList<>();
    private final Map<Integer, Set<String>> heard = new HashMap<>();
    private TreeMap<String, Leaf> nodes = new TreeMap<>(Map.of("/", new Leaf("", List.of("n0"))));

    NaiveStore(Quota quota) {
        this.quota = quota;
    }

    /// `payload` is `path|token|` or `path|token|depth|`.
    void watch(int domid, String payload) {
        String[] words = payload.split("\\|");
        listeners.add(new Listener(domid, words[0], words.length > 2 ? Integer.parseInt(words[2]) : 1000));
        hear(domid, words[0]);
    }

    /// The events since the last call.
    Set<String> events(int domid) {
        Set<String> events = heard.remove(domid);
        return events == null ? Set.of() : events;
    }

    /// The reply, `!` and the error's name if it is one.
    String ask(int domid, int type, String payload) {
        int end = payload.indexOf('|');
        String path = payload.substring(0, end);
        String rest = payload.substring(end + 1);
        TreeMap<String, Leaf> before = new TreeMap<>(nodes);
        String reply = switch (type) {
            case XsWire.XS_READ -> read(domid, path);
            case XsWire.XS_DIRECTORY -> directory(domid, path);
            case XsWire.XS_GET_PERMS -> permissions(domid, path);
            case XsWire.XS_WRITE -> write(domid, path, rest);
            case XsWire.XS_MKDIR -> makeDirectory(domid, path);
            case XsWire.XS_RM -> remove(domid, path);
            case XsWire.XS_SET_PERMS -> setPermissions(domid, path, rest);
            default -> throw new IllegalStateException("not modelled: " + type);
        };
        boolean changes = type == XsWire.XS_WRITE || type == XsWire.XS_RM || type == XsWire.XS_SET_PERMS
                || type == XsWire.XS_MKDIR;
        if (!reply.equals(OK)) {
            nodes = before;
        } else if (changes && !(type == XsWire.XS_MKDIR && before.containsKey(path))
                && !(type == XsWire.XS_RM && !before.containsKey(path))) {
            tell(path, before);
        }
        return reply;
    }

    private String read(int domid, String path) {
        String refusal = unreadable(domid, path);
        return refusal != null ? refusal : nodes.get(path).value;
    }

    private String directory(int domid, String path) {
        String refusal = unreadable(domid, path);
        if (refusal != null) {
            return refusal;
        }
        StringBuilder names = new StringBuilder();
        for (String other : nodes.keySet()) {
            if (!other.equals("/") && parent(other).equals(path)) {
                names.append(other.substring(other.lastIndexOf('/') + 1)).append('|');
            }
        }
        return names.toString();
    }

    private String permissions(int domid, String path) {
        String refusal = unreadable(domid, path);
        return refusal != null ? refusal : String.join("|", nodes.get(path).permissions) + '|';
    }

    private String write(int domid, String path, String value) {
        if (domid != 0 && value.length() > quota.valueByteSize()) {
            return "!ENOSPC";
        }
        String reply = makeWhatIsMissing(domid, path);
        if (reply.equals(OK)) {
            nodes.put(path, new Leaf(value, nodes.get(path).permissions));
        }
        return reply;
    }

    private String makeDirectory(int domid, String path) {
        return makeWhatIsMissing(domid, path);
    }

    /// Makes `path` and what is missing above it, as `domid`, who must be allowed to write the lowest that exists.
    private String makeWhatIsMissing(int domid, String path) {
        String lowest = lowestExisting(path);
        if (!may(domid, lowest, 'w')) {
            return "!EACCES";
        }
        List<String> inherited = new ArrayList<>(nodes.get(lowest).permissions);
        if (domid != 0) {
            inherited.set(0, inherited.getFirst().charAt(0) + "" + domid);
        }
        for (String at = path; !at.equals(lowest); at = parent(at)) {
            nodes.put(at, new Leaf("", List.copyOf(inherited)));
        }
        boolean made = !lowest.equals(path);
        return made && domid != 0 && ownedBy(domid) > quota.nodes() ? "!ENOSPC" : OK;
    }

    private String remove(int domid, String path) {
        if (path.equals("/")) {
            return "!EINVAL";
        }
        if (!nodes.containsKey(path)) {
            boolean parentKnown = nodes.containsKey(parent(path)) && may(domid, parent(path), 'r');
            return parentKnown ? OK : missing(domid, path);
        }
        if (!may(domid, path, 'w')) {
            return "!EACCES";
        }
        nodes.keySet().removeIf(other -> isAtOrBelow(other, path));
        return OK;
    }

    private String setPermissions(int domid, String path, String rest) {
        List<String> texts = List.of(rest.split("\\|"));
        if (domid != 0 && texts.size() > quota.permissionEntries()) {
            return "!ENOSPC";
        }
        if (!nodes.containsKey(path)) {
            return missing(domid, path);
        }
        Leaf leaf = nodes.get(path);
        if (domid != 0 && domid != leaf.owner()) {
            return "!EACCES";
        }
        Leaf changed = new Leaf(leaf.value, texts);
        if (domid != 0 && changed.owner() != leaf.owner()) {
            return "!EPERM";
        }
        nodes.put(path, changed);
        return OK;
    }

    private String unreadable(int domid, String path) {
        if (!nodes.containsKey(path)) {
            return missing(domid, path);
        }
        return may(domid, path, 'r') ? null : "!EACCES";
    }

    private String missing(int domid, String path) {
        return may(domid, lowestExisting(path), 'r') ? "!ENOENT" : "!EACCES";
    }

    private boolean may(int domid, String path, char wanted) {
        return may(domid, nodes.get(path), wanted);
    }

    /// Domain 0 and the owner may all; then the first entry for the domain counts, and the owner's entry for all others.
    private static boolean may(int domid, Leaf leaf, char wanted) {
        if (leaf == null) {
            return false;
        }
        if (domid == 0 || leaf.owner() == domid) {
            return true;
        }
        char letter = leaf.permissions.getFirst().charAt(0);
        for (String text : leaf.permissions.subList(1, leaf.permissions.size())) {
            if (text.substring(1).equals(Integer.toString(domid))) {
                letter = text.charAt(0);
                break;
            }
        }
        return letter == 'b' || letter == wanted;
    }

    private int ownedBy(int domid) {
        return (int) nodes.values().stream().filter(leaf -> leaf.owner() == domid).count();
    }

    /// Tells each watch of a change at `path`, and of what went with it.
    private void tell(String path, TreeMap<String, Leaf> before) {
        for (Listener listener : listeners) {
            if (isAtOrBelow(path, listener.path)) {
                tell(listener, path, before);
            } else if (isAtOrBelow(listener.path, path) && before.containsKey(listener.path)
                    && !nodes.containsKey(listener.path)) {
                tell(listener, listener.path, before);
            }
        }
    }

    private void tell(Listener listener, String path, TreeMap<String, Leaf> before) {
        boolean known = may(listener.domid, before.get(path), 'r') || may(listener.domid, nodes.get(path), 'r');
        boolean cameOrWent = before.containsKey(path) != nodes.containsKey(path);
        if (cameOrWent && !path.equals("/")) {
            known |= may(listener.domid, before.get(parent(path)), 'r') || may(listener.domid, nodes.get(parent(path)), 'r');
        }
        if (known && depth(path) - depth(listener.path) <= listener.depth) {
            hear(listener.domid, path);
        }
    }

    private void hear(int domid, String path) {
        heard.computeIfAbsent(domid, _ -> new LinkedHashSet<>()).add(path + "|token|");
    }

    private String lowestExisting(String path) {
        String at = path;
        while (!nodes.containsKey(at)) {
            at = parent(at);
        }
        return at;
    }

    private static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash == 0 ? "/" : path.substring(0, slash);
    }

    private static boolean isAtOrBelow(String path, String above) {
        return path.equals(above) || above.equals("/") || path.startsWith(above + '/');
    }

    private static int depth(String path) {
        return path.equals("/") ? 0 : (int) path.chars().filter(c -> c == '/').count();
    }
}
