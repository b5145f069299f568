package xenolith.tool.control;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/// The words by which a disk is asked for, sorted by what they are about: our own, and those of xl's disk configuration
/// (xl-disk-configuration(5)), positional ones included.
final class DiskWords {
    static final String EXAMPLE = "; an example: path=disk.img,dev=xvda,ro";
    /// Positional words come in this order, as in xl's.
    private static final List<String> ORDER = List.of("path", "format", "dev", "access");
    private static final Map<String, String> KEYS = Map.ofEntries(Map.entry("path", "path"), Map.entry("target", "path"),
            Map.entry("format", "format"), Map.entry("dev", "dev"), Map.entry("vdev", "dev"), Map.entry("access", "access"),
            Map.entry("cow", "cow"), Map.entry("backendtype", "backendtype"), Map.entry("backend", "backend"),
            Map.entry("devtype", "devtype"), Map.entry("script", "script"), Map.entry("sector", "sector"),
            Map.entry(DiskLimit.IOPS, DiskLimit.IOPS), Map.entry(DiskLimit.BPS, DiskLimit.BPS));
    /// Words that stand alone, with what they are about.
    private static final Map<String, String> FLAGS = Map.of("ro", "access", "rw", "access", "cow", "cow", "discard", "discard",
            "no-discard", "discard", "no-backing", "backing", "direct-io-safe", "direct-io-safe", "cdrom", "devtype", "direct",
            "direct");
    /// What is served is served by us, out of whatever the file is.
    private static final Set<String> BACKEND_TYPES = Set.of("", "qdisk", "phy");

    private final String text;
    private final Map<String, String> values = new HashMap<>();

    /// @throws BadInputException if there are too many, or two about one thing, or one that asks for what there is not
    DiskWords(String text) {
        this.text = text;
        Queue<String> order = new ArrayDeque<>(ORDER);
        for (String word : text.split(",", -1)) {
            int equals = word.indexOf('=');
            String key = equals < 0 ? null : KEYS.get(word.substring(0, equals));
            if (key != null) {
                put(key, word.substring(equals + 1));
            } else if (FLAGS.containsKey(word)) {
                key = FLAGS.get(word);
                put(key, word);
            } else {
                key = order.poll();
                put(key, word);
            }
            order.remove(key);
        }
        refuse();
    }

    private void put(String key, String value) {
        if (key == null || values.put(key, value) != null) {
            throw new BadInputException("the disk '" + text + "' says too much" + EXAMPLE);
        }
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
            throw new BadInputException("there are no scripts for disks here: '" + get("script") + "'");
        }
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
