package xenolith.xenstore;

import java.util.ArrayList;
import java.util.List;
import xenolith.xenstore.XenstoreException.MalformedRequest;

/// Who may do what with a node: the owner, what everybody else may, and exceptions for single domains.
///
/// On the wire a list such as `n0 r5`: the first entry's domain owns the node and may do all, its letter holds for every
/// domain not named; each further entry says what one domain may. Immutable.
public record Permissions(int owner, Access others, List<Entry> entries) {
    /// No domid is larger: the wire's are 16 bits.
    private static final int DOMID_MAX = 0xFFFF;

    /// What a domain may do with a node, named by its letter on the wire.
    public enum Access {
        NONE('n', false, false),
        READ('r', true, false),
        WRITE('w', false, true),
        BOTH('b', true, true);

        private final char letter;
        private final boolean read;
        private final boolean write;

        Access(char letter, boolean read, boolean write) {
            this.letter = letter;
            this.read = read;
            this.write = write;
        }

        boolean includes(Access wanted) {
            return (read || !wanted.read) && (write || !wanted.write);
        }

        private static Access of(char letter) {
            for (Access access : values()) {
                if (access.letter == letter) {
                    return access;
                }
            }
            throw new MalformedRequest("no permission is called " + (int) letter);
        }
    }

    /// What one domain may.
    public record Entry(int domid, Access access) {
    }

    public Permissions {
        entries = List.copyOf(entries);
    }

    /// Owned by `owner` and nobody else's business: `n<owner>`.
    public static Permissions ownedBy(int owner) {
        return new Permissions(owner, Access.NONE, List.of());
    }

    /// These permissions, and `access` for `domid`.
    public Permissions and(int domid, Access access) {
        List<Entry> more = new ArrayList<>(entries);
        more.add(new Entry(domid, access));
        return new Permissions(owner, others, more);
    }

    /// Reads the wire's strings, such as `n0`, `r5`.
    static Permissions parse(List<String> texts) {
        if (texts.isEmpty()) {
            throw new MalformedRequest("permissions without an owner");
        }
        List<Entry> parsed = new ArrayList<>(texts.size());
        for (String text : texts) {
            if (text.isEmpty()) {
                throw new MalformedRequest("an empty permission");
            }
            parsed.add(new Entry(Numbers.parse(text.substring(1), DOMID_MAX), Access.of(text.charAt(0))));
        }
        Entry first = parsed.getFirst();
        return new Permissions(first.domid(), first.access(), parsed.subList(1, parsed.size()));
    }

    /// The wire's strings.
    List<String> texts() {
        List<String> texts = new ArrayList<>(entries.size() + 1);
        texts.add(text(owner, others));
        for (Entry entry : entries) {
            texts.add(text(entry.domid, entry.access));
        }
        return texts;
    }

    private static String text(int domid, Access access) {
        return access.letter + Integer.toString(domid);
    }

    int entryCount() {
        return entries.size() + 1;
    }

    /// Whether `caller` may do what only the owner may.
    boolean isOwner(Caller caller) {
        return caller.privileged() || caller.is(owner);
    }

    boolean allows(Caller caller, Access wanted) {
        if (isOwner(caller)) {
            return true;
        }
        for (Entry entry : entries) {
            if (caller.is(entry.domid)) {
                return entry.access.includes(wanted);
            }
        }
        return others.includes(wanted);
    }

    /// What a child gets that `caller` makes under a node with these permissions: the same, but a guest owns what it
    /// made.
    Permissions inheritedBy(Caller caller) {
        return caller.privileged() ? this : new Permissions(caller.domid(), others, entries);
    }

    /// The same without what `domid` was allowed, so that a later domain of that number does not inherit it.
    Permissions without(int domid) {
        List<Entry> kept = entries.stream().filter(entry -> entry.domid != domid).toList();
        return kept.size() == entries.size() ? this : new Permissions(owner, others, kept);
    }

    @Override
    public String toString() {
        return String.join(",", texts());
    }
}
