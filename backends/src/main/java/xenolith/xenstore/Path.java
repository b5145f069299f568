package xenolith.xenstore;

import java.util.Arrays;
import xenolith.abi.io.XsWire;
import xenolith.xenstore.XenstoreException.InvalidPath;

/// A valid absolute path, or one of the special names that start with `@`.
///
/// Allowed are letters, digits and `-/_@`, no empty component, no slash at the end but for the root itself, at most 3072
/// characters, and at most 2048 below a domain's home.
public final class Path {
    public static final Path ROOT = new Path("/", new String[0], false);
    /// Watched to learn of new domains.
    public static final Path INTRODUCE_DOMAIN = special("@introduceDomain");
    /// Watched to learn of domains that shut down or die.
    public static final Path RELEASE_DOMAIN = special("@releaseDomain");

    private static final String HOMES = "/local/domain/";

    private final String text;
    private final String[] names;
    private final boolean special;

    private Path(String text, String[] names, boolean special) {
        this.text = text;
        this.names = names;
        this.special = special;
    }

    /// Reads an absolute path.
    ///
    /// @throws InvalidPath if it is none
    public static Path of(String absolute) {
        if (absolute.isEmpty() || absolute.charAt(0) != '/') {
            throw new InvalidPath("a path must start with a slash");
        }
        if (absolute.length() == 1) {
            return ROOT;
        }
        if (absolute.length() > XsWire.XENSTORE_ABS_PATH_MAX
                || relativeLength(absolute) > XsWire.XENSTORE_REL_PATH_MAX) {
            throw new InvalidPath("a path of " + absolute.length() + " characters is too long");
        }
        checkCharacters(absolute);
        if (absolute.charAt(absolute.length() - 1) == '/' || absolute.contains("//")) {
            throw new InvalidPath("a path with an empty component");
        }
        return new Path(absolute, absolute.substring(1).split("/"), false);
    }

    /// Reads a path as the domain `domid` writes it: one without a slash in front is relative to its home.
    public static Path resolve(String text, int domid) {
        return isRelative(text) ? of(HOMES + domid + '/' + text) : of(text);
    }

    /// As [#resolve], but a name that starts with `@` is a special one: what may be watched or given permissions.
    static Path resolveWatchable(String text, int domid) {
        return text.startsWith("@") ? special(text) : resolve(text, domid);
    }

    static boolean isRelative(String text) {
        return !text.isEmpty() && text.charAt(0) != '/' && text.charAt(0) != '@';
    }

    /// The home of a domain, `/local/domain/<domid>`.
    public static Path home(int domid) {
        return of(HOMES + domid);
    }

    private static Path special(String text) {
        if (text.length() > XsWire.XENSTORE_REL_PATH_MAX) {
            throw new InvalidPath("a special name of " + text.length() + " characters is too long");
        }
        checkCharacters(text);
        return new Path(text, new String[] {text}, true);
    }

    private static void checkCharacters(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean allowed = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
                    || c == '-' || c == '/' || c == '_' || c == '@';
            if (!allowed) {
                throw new InvalidPath("a path with the character " + (int) c);
            }
        }
    }

    /// How much of the path lies below a domain's home, 0 if none.
    private static int relativeLength(String text) {
        if (!text.startsWith(HOMES)) {
            return 0;
        }
        int end = text.indexOf('/', HOMES.length());
        return end < 0 ? 0 : text.length() - end - 1;
    }

    /// How many components; 0 for the root.
    public int depth() {
        return names.length;
    }

    /// The component at `index`, the topmost first.
    public String name(int index) {
        return names[index];
    }

    public boolean isRoot() {
        return names.length == 0;
    }

    boolean isSpecial() {
        return special;
    }

    /// Whether this is `above` or lies below it.
    boolean isWithin(Path above) {
        String upper = above.text;
        return text.startsWith(upper) && (text.length() == upper.length() || above.isRoot()
                || text.charAt(upper.length()) == '/');
    }

    /// The path above; the root has none.
    public Path parent() {
        if (names.length < 2 || special) {
            return ROOT;
        }
        return ancestor(names.length - 1);
    }

    /// The path of the first `depth` components.
    Path ancestor(int depth) {
        if (depth == names.length) {
            return this;
        }
        if (depth == 0) {
            return ROOT;
        }
        int end = 0;
        for (int i = 0; i < depth; i++) {
            end += 1 + names[i].length();
        }
        return new Path(text.substring(0, end), Arrays.copyOf(names, depth), false);
    }

    /// The path of the child `name` of this one.
    ///
    /// @throws InvalidPath if the name or the length is not allowed
    public Path child(String name) {
        return of(isRoot() ? '/' + name : text + '/' + name);
    }

    @Override
    public String toString() {
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Path path && path.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }
}
