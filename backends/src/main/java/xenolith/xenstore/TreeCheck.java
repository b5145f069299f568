package xenolith.xenstore;

/// The laws that every tree obeys. Asked by the toolstack's `CONTROL check` and by tests.
final class TreeCheck {
    private TreeCheck() {
    }

    /// The first law found broken, or null.
    static String fault(Tree tree) {
        NodeCounts counted = count(NodeCounts.NONE, tree.root());
        if (!counted.equals(tree.counts())) {
            return "nodes counted " + counted + " but booked " + tree.counts();
        }
        return fault("", tree.root());
    }

    private static NodeCounts count(NodeCounts counts, Node node) {
        NodeCounts sum = counts.plus(node.permissions().owner(), 1);
        for (int i = 0; i < node.children().size(); i++) {
            sum = count(sum, node.children().node(i));
        }
        return sum;
    }

    private static String fault(String path, Node node) {
        Children children = node.children();
        for (int i = 0; i < children.size(); i++) {
            String name = children.name(i);
            if (i > 0 && children.name(i - 1).compareTo(name) >= 0) {
                return path + ": the names are not in order at " + name;
            }
            if (name.isEmpty() || name.indexOf('/') >= 0) {
                return path + ": a bad name";
            }
            String below = fault(path + '/' + name, children.node(i));
            if (below != null) {
                return below;
            }
        }
        return null;
    }
}
