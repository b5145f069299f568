package xenolith.xenstore;

import xenolith.xenstore.Permissions.Access;
import xenolith.xenstore.XenstoreException.AccessDenied;
import xenolith.xenstore.XenstoreException.InvalidPath;
import xenolith.xenstore.XenstoreException.NotFound;
import xenolith.xenstore.XenstoreException.NotOwnersRight;
import xenolith.xenstore.XenstoreException.QuotaExceeded;

/// What can be done to a tree. One form for a request outside a transaction, for one inside, and for the replay of a
/// transaction at its commit.
sealed interface Change {
    /// The node meant.
    Path path();

    /// Returns the tree with the change made, or `tree` itself if there is nothing to change.
    ///
    /// @throws XenstoreException if `caller` may not, or `quota` forbids it
    Tree apply(Tree tree, Caller caller, Quota quota, long generation);

    /// `WRITE`: gives the node a value, making it and all above it where missing. The array is kept.
    record Write(Path path, byte[] value) implements Change {
        @Override
        public Tree apply(Tree tree, Caller caller, Quota quota, long generation) {
            limit(caller, "octets in a value", value.length, quota.valueByteSize());
            Node node = tree.get(path);
            if (node == null) {
                return create(tree, path, value, caller, quota, generation);
            }
            require(node, caller, Access.WRITE, path);
            return tree.with(path, node.withValue(value, generation), generation);
        }
    }

    /// `MKDIR`: makes the node, and all above it, where missing.
    record MakeDirectory(Path path) implements Change {
        private static final byte[] NO_VALUE = {};

        @Override
        public Tree apply(Tree tree, Caller caller, Quota quota, long generation) {
            Node node = tree.get(path);
            if (node == null) {
                return create(tree, path, NO_VALUE, caller, quota, generation);
            }
            require(node, caller, Access.WRITE, path);
            return tree;
        }
    }

    /// `RM`: removes the node and all below it. The right to write the node is enough, as in Xen. A missing node is no
    /// error if its parent exists.
    record Remove(Path path) implements Change {
        @Override
        public Tree apply(Tree tree, Caller caller, Quota quota, long generation) {
            if (path.isRoot()) {
                throw new InvalidPath("the root cannot be removed");
            }
            Node node = tree.get(path);
            if (node != null) {
                require(node, caller, Access.WRITE, path);
                return tree.without(path, generation);
            }
            Node parent = tree.get(path.parent());
            if (parent == null || !parent.permissions().allows(caller, Access.READ)) {
                throw missing(tree, path, caller);
            }
            return tree;
        }
    }

    /// `SET_PERMS`.
    record SetPermissions(Path path, Permissions permissions) implements Change {
        @Override
        public Tree apply(Tree tree, Caller caller, Quota quota, long generation) {
            limit(caller, "permissions of a node", permissions.entryCount(), quota.permissionEntries());
            Node node = tree.get(path);
            if (node == null) {
                throw missing(tree, path, caller);
            }
            if (!node.permissions().isOwner(caller)) {
                throw new AccessDenied("only the owner sets the permissions of " + path);
            }
            if (!caller.privileged() && permissions.owner() != node.permissions().owner()) {
                throw new NotOwnersRight(path);
            }
            return tree.with(path, node.withPermissions(permissions, generation), generation);
        }
    }

    /// What a missing node is to `caller`: not there, or none of its business, so that nobody learns of names by probing
    /// where he may not read.
    static XenstoreException missing(Tree tree, Path path, Caller caller) {
        Node nearest = tree.nearest(path);
        boolean mayKnow = nearest == null || nearest.permissions().allows(caller, Access.READ);
        return mayKnow ? new NotFound("node: " + path) : new AccessDenied(path.toString());
    }

    private static void require(Node node, Caller caller, Access wanted, Path path) {
        if (!node.permissions().allows(caller, wanted)) {
            throw new AccessDenied(wanted + " of " + path);
        }
    }

    private static void limit(Caller caller, String what, int wanted, int allowed) {
        if (wanted > allowed && !caller.privileged()) {
            throw new QuotaExceeded(what, allowed);
        }
    }

    private static Tree create(Tree tree, Path path, byte[] value, Caller caller, Quota quota, long generation) {
        Node above = tree.nearest(path);
        if (above == null) {
            throw new InvalidPath("no node can be made at " + path);
        }
        require(above, caller, Access.WRITE, path);
        Permissions permissions = above.permissions().inheritedBy(caller);
        int existing = tree.existingDepth(path);
        int owned = tree.counts().of(caller.domid()) + path.depth() - existing;
        limit(caller, "nodes", owned, quota.nodes());
        Tree grown = tree;
        for (int depth = existing + 1; depth < path.depth(); depth++) {
            grown = grown.with(path.ancestor(depth), Node.empty(permissions, generation), generation);
        }
        Node leaf = new Node(value, permissions, Children.NONE, generation);
        return grown.with(path, leaf, generation);
    }
}
