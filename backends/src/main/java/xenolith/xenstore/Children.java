package xenolith.xenstore;

import java.util.Arrays;
import java.util.List;

/// The children of a node, sorted by name. Immutable: a change copies two arrays, of which the names are shared when
/// only a child was replaced. The lists are short; the longest is one entry per domain.
final class Children {
    static final Children NONE = new Children(new String[0], new Node[0]);

    private final String[] names;
    private final Node[] nodes;

    private Children(String[] names, Node[] nodes) {
        this.names = names;
        this.nodes = nodes;
    }

    int size() {
        return names.length;
    }

    String name(int index) {
        return names[index];
    }

    Node node(int index) {
        return nodes[index];
    }

    List<String> names() {
        return List.of(names);
    }

    /// The child, or null.
    Node get(String name) {
        int at = Arrays.binarySearch(names, name);
        return at < 0 ? null : nodes[at];
    }

    /// These children with `name` being `node`, new or instead of the one before.
    Children with(String name, Node node) {
        int at = Arrays.binarySearch(names, name);
        if (at >= 0) {
            Node[] replaced = nodes.clone();
            replaced[at] = node;
            return new Children(names, replaced);
        }
        int to = -at - 1;
        String[] moreNames = Arrays.copyOf(names, names.length + 1);
        Node[] moreNodes = Arrays.copyOf(nodes, nodes.length + 1);
        System.arraycopy(names, to, moreNames, to + 1, names.length - to);
        System.arraycopy(nodes, to, moreNodes, to + 1, nodes.length - to);
        moreNames[to] = name;
        moreNodes[to] = node;
        return new Children(moreNames, moreNodes);
    }

    /// These children but for `name`.
    Children without(String name) {
        int at = Arrays.binarySearch(names, name);
        if (at < 0) {
            return this;
        }
        String[] fewerNames = Arrays.copyOf(names, names.length - 1);
        Node[] fewerNodes = Arrays.copyOf(nodes, nodes.length - 1);
        System.arraycopy(names, at + 1, fewerNames, at, fewerNames.length - at);
        System.arraycopy(nodes, at + 1, fewerNodes, at, fewerNodes.length - at);
        return new Children(fewerNames, fewerNodes);
    }
}
