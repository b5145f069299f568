package xenolith.tool.disk;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.regex.Pattern;
import xenolith.tool.input.BadInputException;

/// The words by which a disk is asked for, sorted by what they are about: our own, and those of xl's disk configuration
/// (xl-disk-configuration(5)), positional ones and the older form with prefixes (`phy:/dev/vg/lv,xvda,w`) included.
final class DiskWords {
    static final String EXAMPLE = "; an example: path=disk.img,dev=xvda,ro";
    private static final String TARGET = "target=";
    /// Positional words come in this order, as in xl's.
    private static final List<String> ORDER = List.of("path", "format", "dev", "access");
    private static final Set<String> KEYS = Set.of("path", "format", "dev", "access", "cow", "backendtype", "backend",
            "devtype", "script", "sector", "specification", DiskLimit.IOPS, DiskLimit.BPS);
    /// Words that stand alone, with what they are about.
    private static final Map<String, String> FLAGS = Map.ofEntries(Map.entry("ro", "access"), Map.entry("rw", "access"),
            Map.entry("cow", "cow"), Map.entry("discard", "discard"), Map.entry("no-discard", "discard"),
            Map.entry("no-backing", "backing"), Map.entry("direct", "direct"), Map.entry("cdrom", "devtype"),
            Map.entry("direct-io-safe", "direct-io-safe"), Map.entry("trusted", "trusted"));
    /// xl's words that stand alone and ask for what there is not.
    private static final Set<String> MISSING = Set.of("colo", "untrusted");
    private static final Pattern KEY = Pattern.compile("[A-Za-z][A-Za-z0-9_-]*=.*", Pattern.DOTALL);
    /// What is served is served by us, out of whatever the file is.
    private static final Set<String> BACKEND_TYPES = Set.of("", "qdisk", "phy");

    private final String text;
    private final Map<String, String> values = new HashMap<>();
    private final Queue<String> order = new ArrayDeque<>(ORDER);

    /// @throws BadInputException if there are too many, or two about one thing, or one that asks for what there is not
    DiskWords(String text) {
        this.text = text;
        int at = 0;
        while (at <= text.length()) {
            int comma = text.indexOf(',', at);
            int end = comma < 0 ? text.length() : comma;
            String word = text.substring(at, end).stripLeading();
            if (word.startsWith(TARGET)) {
                target(text.substring(text.indexOf(TARGET, at) + TARGET.length()));
                break;
            }
            take(word);
            at = end + 1;
        }
        refuse();
    }

    /// Only so can a name have commas in it, hence it comes last, and may take the place of one that was left empty.
    private void target(String rest) {
        values.remove("path", "");
        put("path", rest);
        if (!has("dev") && rest.indexOf(',') >= 0) {
            throw new BadInputException("target= takes all that follows it, so it comes last; path= does not");
        }
    }

    private void take(String word) {
        int equals = word.indexOf('=');
        String said = equals < 0 ? "" : word.substring(0, equals);
        String key = said.equals("vdev") ? "dev" : said;
        if (KEYS.contains(key)) {
            put(key, word.substring(equals + 1));
        } else if (FLAGS.containsKey(word)) {
            put(FLAGS.get(word), word);
        } else if (MISSING.contains(word) || KEY.matcher(word).matches()) {
            throw new BadInputException("there is no '" + word + "' for disks here" + EXAMPLE);
        } else {
            positional(word);
        }
    }

    private void positional(String word) {
        String about = order.peek();
        int colon = word.lastIndexOf(':');
        if ("path".equals(about)) {
            path(new PrefixedPath(word));
        } else if (colon >= 0 && ("format".equals(about) || "dev".equals(about))) {
            order.remove("format");
            put("dev", word.substring(0, colon));
            put("devtype", word.substring(colon + 1));
        } else if (about != null || !word.isEmpty()) {
            put(about, word);
        }
    }

    /// Behind a path with prefixes the name of the device comes at once.
    private void path(PrefixedPath prefixed) {
        put("path", prefixed.path());
        if (prefixed.isPrefixed()) {
            order.remove("format");
        }
        if (prefixed.format() != null) {
            put("format", prefixed.format());
        }
    }

    private void put(String key, String value) {
        if (key == null || values.put(key, value) != null) {
            throw new BadInputException("the disk '" + text + "' says too much" + EXAMPLE);
        }
        order.remove(key);
    }

    private void refuse() {
        if (!BACKEND_TYPES.contains(get("backendtype"))) {
            throw new BadInputException("a disk's backendtype is qdisk or phy, which are the same here, not '"
                    + get("backendtype") + "'");
        }
        if (!Set.of("", "disk").contains(get("devtype"))) {
            throw new BadInputException("a disk cannot be a CD-ROM: PV guests have none");
        }
        if (values.containsKey("script")) {
            throw noScripts(get("script"));
        }
        if (!Set.of("", "xen").contains(get("specification"))) {
            throw new BadInputException("a disk's specification is xen, not '" + get("specification") + "'");
        }
    }

    static BadInputException noScripts(String script) {
        return new BadInputException("there are no scripts for disks here: '" + script + "'");
    }

    /// Refuses all that is about anything else.
    void allow(String otherwise, String... abouts) {
        if (!Set.of(abouts).containsAll(values.keySet())) {
            throw new BadInputException(otherwise);
        }
    }

    /// What was said about something; empty if nothing was.
    String get(String about) {
        return values.getOrDefault(about, "");
    }

    boolean has(String about) {
        return values.containsKey(about);
    }
}
