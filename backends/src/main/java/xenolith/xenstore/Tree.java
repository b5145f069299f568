package xenolith.xenstore;

/// All of the store at one moment. Immutable; knows nothing of callers, permissions or limits.
///
/// Recursion goes as deep as a path has components, which its length bounds to some 1500.
///
/// @param root the node `/`
/// @param specials over the nodes `@introduceDomain` and `@releaseDomain`, which have permissions but lie outside the
///                 tree that can be listed
/// @param counts how many nodes below `root` each domain owns
record Tree(Node root, Node specials, NodeCounts counts) {
    /// A tree of a root and the two special nodes, all dom0's own: a guest cannot even list them.
    static Tree initial() {
        Permissions dom0 = Permissions.ownedBy(0);
        Node special = Node.empty(dom0, 1);
        Children names = Children.NONE.with(Path.INTRODUCE_DOMAIN.toString(), special)
                .with(Path.RELEASE_DOMAIN.toString(), special);
        return new Tree(Node.empty(dom0, 1), special.withChildren(names, 1), NodeCounts.NONE.plus(0, 1));
    }

    /// The node at `path`, or null.
    Node get(Path path) {
        Node node = path.isSpecial() ? specials : root;
        for (int i = 0; i < path.depth() && node != null; i++) {
            node = node.children().get(path.name(i));
        }
        return node;
    }

    /// How many of the path's components exist, counted from the root.
    int existingDepth(Path path) {
        Node node = path.isSpecial() ? specials : root;
        for (int i = 0; i < path.depth(); i++) {
            node = node.children().get(path.name(i));
            if (node == null) {
                return i;
            }
        }
        return path.depth();
    }

    /// The node at `path`, or where the path leaves the tree, the last one above.
    Node nearest(Path path) {
        return get(path.isSpecial() ? path : path.ancestor(existingDepth(path)));
    }

    /// A number that changes whenever the node does; 0 while there is none.
    long generation(Path path) {
        Node node = get(path);
        return node == null ? 0 : node.generation();
    }

    /// The tree with `node` at `path`, whose parent must exist. The parent gets the generation too if the name is new.
    Tree with(Path path, Node node, long generation) {
        if (path.isSpecial()) {
            return new Tree(root, replace(specials, path, 0, node, generation), counts);
        }
        Node before = get(path);
        NodeCounts after = counts.plus(node.permissions().owner(), 1);
        if (before != null) {
            after = after.plus(before.permissions().owner(), -1);
        }
        return new Tree(replace(root, path, 0, node, generation), specials, after);
    }

    /// The tree without `path`, which must exist and not be the root, and without all below it.
    Tree without(Path path, long generation) {
        return new Tree(remove(root, path, 0, generation), specials, uncount(counts, get(path)));
    }

    private static Node replace(Node at, Path path, int depth, Node node, long generation) {
        if (depth == path.depth()) {
            return node;
        }
        String name = path.name(depth);
        Node child = at.children().get(name);
        Children changed = at.children().with(name, replace(child, path, depth + 1, node, generation));
        return at.withChildren(changed, child == null ? generation : at.generation());
    }

    private static Node remove(Node at, Path path, int depth, long generation) {
        String name = path.name(depth);
        if (depth == path.depth() - 1) {
            return at.withChildren(at.children().without(name), generation);
        }
        Node child = remove(at.children().get(name), path, depth + 1, generation);
        return at.withChildren(at.children().with(name, child), at.generation());
    }

    private static NodeCounts uncount(NodeCounts counts, Node removed) {
        NodeCounts left = counts.plus(removed.permissions().owner(), -1);
        for (int i = 0; i < removed.children().size(); i++) {
            left = uncount(left, removed.children().node(i));
        }
        return left;
    }
}
