package xenolith.xenstore;

/// What one unprivileged domain may keep here. Privileged callers may make any number of nodes, of any size; of watches
/// and transactions they have a multiple of a domain's, and their unsent replies and events are bounded alike.
///
/// @param nodes how many nodes it may own
/// @param watches how many watches it may have registered
/// @param transactions how many of its transactions may be open
/// @param valueByteSize how long a value may be
/// @param permissionEntries how many entries a node's permissions may have
/// @param transactionNodes how many different nodes a transaction may touch, and how many changes it may make
/// @param unsentReplies how many replies may wait for it before no more of its requests are read
/// @param unsentEvents how many different watch events may wait for it before it is disconnected
public record Quota(
        int nodes,
        int watches,
        int transactions,
        int valueByteSize,
        int permissionEntries,
        int transactionNodes,
        int unsentReplies,
        int unsentEvents) {
    /// As Xen's own defaults, where it has them.
    public static final Quota DEFAULT = new Quota(1000, 128, 10, 2048, 5, 1024, 20, 2048);
}
