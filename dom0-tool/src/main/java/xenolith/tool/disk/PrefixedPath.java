package xenolith.tool.disk;

import java.util.Set;

/// A disk's path in xend's form, which xl takes still: `phy:/dev/vg/lv`, `tap:qcow2:disk.qcow2`.
///
/// @param path       without the prefixes
/// @param format     what a prefix says of it, or null
/// @param isPrefixed whether there was any
record PrefixedPath(String path, String format, boolean isPrefixed) {
    private static final String PHY = "phy";
    /// They said who was to serve it, which is always us.
    private static final Set<String> SERVERS = Set.of(PHY, "file", "aio", "tap", "tap2", "tapdisk", "ioemu");
    private static final Set<String> FORMATS = Set.of("raw", "qcow", "qcow2", "vhd", "qed");
    private static final Set<String> SCRIPTS = Set.of("iscsi", "nbd", "enbd", "drbd");

    /// What begins otherwise is a path as it stands.
    ///
    /// @throws xenolith.tool.input.BadInputException for a prefix that asks for a script
    PrefixedPath(String text) {
        this(read(text));
    }

    private PrefixedPath(PrefixedPath other) {
        this(other.path, other.format, other.isPrefixed);
    }

    private static PrefixedPath read(String text) {
        String path = text;
        String format = null;
        boolean isPhysical = false;
        for (int colon = path.indexOf(':'); colon > 0; colon = path.indexOf(':')) {
            String prefix = path.substring(0, colon);
            if (SCRIPTS.contains(prefix)) {
                throw DiskWords.noScripts("block-" + prefix);
            }
            if (FORMATS.contains(prefix)) {
                format = prefix;
            } else if (!SERVERS.contains(prefix)) {
                break;
            }
            isPhysical |= prefix.equals(PHY);
            path = path.substring(colon + 1);
        }
        boolean isPrefixed = path.length() < text.length();
        // xl looks for a block device that is named without its directory in /dev.
        return new PrefixedPath(isPhysical && !path.startsWith("/") ? "/dev/" + path : path, format, isPrefixed);
    }
}
