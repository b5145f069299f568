package xenolith.xenstore;

/// A node of the tree: immutable, and its value's array is never handed out nor written.
///
/// @param value the octets, perhaps none
/// @param generation given anew by whatever changes value, permissions or the children's names, but not by a change
///                   further below
record Node(byte[] value, Permissions permissions, Children children, long generation) {
    private static final byte[] EMPTY = {};

    /// A node without value and children.
    static Node empty(Permissions permissions, long generation) {
        return new Node(EMPTY, permissions, Children.NONE, generation);
    }

    Node withValue(byte[] newValue, long newGeneration) {
        return new Node(newValue, permissions, children, newGeneration);
    }

    Node withPermissions(Permissions newPermissions, long newGeneration) {
        return new Node(value, newPermissions, children, newGeneration);
    }

    /// The same node over changed children; the caller says whether their names changed by giving a new generation.
    Node withChildren(Children newChildren, long newGeneration) {
        return new Node(value, permissions, newChildren, newGeneration);
    }
}
