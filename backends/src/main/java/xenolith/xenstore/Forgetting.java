package xenolith.xenstore;

import java.util.ArrayList;
import java.util.List;

/// Removes all trace of a dead domain from a tree: see [Store#forget].
final class Forgetting {
    private final int domid;
    private final long generation;
    private final List<Path> removed = new ArrayList<>();
    private Tree tree;

    Forgetting(Tree tree, int domid, long generation) {
        this.tree = tree;
        this.domid = domid;
        this.generation = generation;
        strip(Path.ROOT, tree.root());
        strip(Path.INTRODUCE_DOMAIN, tree.get(Path.INTRODUCE_DOMAIN));
        strip(Path.RELEASE_DOMAIN, tree.get(Path.RELEASE_DOMAIN));
    }

    Tree result() {
        return tree;
    }

    /// The topmost nodes removed.
    List<Path> removed() {
        return removed;
    }

    private void strip(Path path, Node node) {
        if (node.permissions().owner() == domid && !path.isRoot() && !path.isSpecial()) {
            tree = tree.without(path, generation);
            removed.add(path);
            return;
        }
        Permissions kept = node.permissions().without(domid);
        if (kept != node.permissions()) {
            // Read anew: children of this node are untouched so far, but a sibling's removal may have replaced it.
            tree = tree.with(path, tree.get(path).withPermissions(kept, generation), generation);
        }
        for (int i = 0; i < node.children().size(); i++) {
            strip(path.child(node.children().name(i)), node.children().node(i));
        }
    }
}
