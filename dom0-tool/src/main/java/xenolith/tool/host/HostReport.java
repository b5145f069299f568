package xenolith.tool.host;

import java.util.LinkedHashMap;
import java.util.Map;
import xenolith.tool.input.Json;

/// [HostInfo] as text for a person and as JSON for a program.
public final class HostReport {
    private static final int LABEL_WIDTH = 44;

    private HostReport() {
    }

    /// One line per fact under a heading per group.
    public static String text(HostInfo info) {
        StringBuilder text = new StringBuilder();
        String group = "";
        for (HostInfo.Fact fact : info.facts()) {
            if (!fact.group().equals(group)) {
                group = fact.group();
                text.append(group).append('\n');
            }
            text.append("  ").append(fact.label());
            text.repeat(' ', Math.max(1, LABEL_WIDTH - fact.label().length()));
            text.append(fact.text()).append('\n');
        }
        return text.toString();
    }

    /// One object per group, in the order of the facts.
    public static String json(HostInfo info) {
        Map<String, Map<String, Object>> groups = new LinkedHashMap<>();
        for (HostInfo.Fact fact : info.facts()) {
            groups.computeIfAbsent(fact.group(), _ -> new LinkedHashMap<>()).put(fact.key(), fact.value());
        }
        return Json.text(groups);
    }
}
