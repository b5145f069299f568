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
/// @param unsentReplies how many of its requests may be outstanding: answered, with the reply not taken yet. Beyond that no
///     more are read, so that a domain which asks and never listens costs no more
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

    /// The quotas by the names that they have in `CONTROL quota`; `events` is ours alone.
    enum Limit {
        NODES("nodes", "Nodes per domain"),
        WATCHES("watches", "Watches per domain"),
        TRANSACTIONS("transactions", "Open transactions per domain"),
        OUTSTANDING("outstanding", "Outstanding requests per domain"),
        TRANSACTION_NODES("transaction-nodes", "Nodes accessed per transaction"),
        NODE_SIZE("node-size", "Size of a node's value"),
        PERMISSIONS("permissions", "Permissions per node"),
        EVENTS("events", "Watch events that wait for a domain");

        private final String word;
        private final String what;

        Limit(String word, String what) {
            this.word = word;
            this.what = what;
        }

        String word() {
            return word;
        }

        String what() {
            return what;
        }
    }

    int of(Limit limit) {
        return switch (limit) {
            case NODES -> nodes;
            case WATCHES -> watches;
            case TRANSACTIONS -> transactions;
            case OUTSTANDING -> unsentReplies;
            case TRANSACTION_NODES -> transactionNodes;
            case NODE_SIZE -> valueByteSize;
            case PERMISSIONS -> permissionEntries;
            case EVENTS -> unsentEvents;
        };
    }

    /// The same with another value for one.
    ///
    /// @throws XenstoreException.MalformedRequest if none is called `name`
    Quota with(String name, int value) {
        for (Limit limit : Limit.values()) {
            if (limit.word.equals(name)) {
                return new Quota(value(limit, Limit.NODES, value), value(limit, Limit.WATCHES, value),
                        value(limit, Limit.TRANSACTIONS, value), value(limit, Limit.NODE_SIZE, value),
                        value(limit, Limit.PERMISSIONS, value), value(limit, Limit.TRANSACTION_NODES, value),
                        value(limit, Limit.OUTSTANDING, value), value(limit, Limit.EVENTS, value));
            }
        }
        throw new XenstoreException.MalformedRequest("no quota is called " + name);
    }

    private int value(Limit changed, Limit limit, int value) {
        return changed == limit ? value : of(limit);
    }
}
