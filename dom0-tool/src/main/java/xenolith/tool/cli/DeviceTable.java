package xenolith.tool.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A list of devices for people: a line for each below a heading, without colours. What has no name on the heading is
/// for programs, or said below its device.
final class DeviceTable {
    private static final String NOTHING = "-";
    private static final String GAP = "  ";

    /// Headings, each with the field that stands below it.
    private final Map<String, String> columns = new LinkedHashMap<>();

    /// @param columns headings and fields in turns
    DeviceTable(String... columns) {
        for (int i = 0; i < columns.length; i += 2) {
            this.columns.put(columns[i], columns[i + 1]);
        }
    }

    /// Nothing for no devices.
    ///
    /// @param verbose also what each has counted
    String text(List<Map<String, Object>> devices, boolean verbose) {
        if (devices.isEmpty()) {
            return "";
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.copyOf(columns.keySet()));
        devices.forEach(device -> rows.add(columns.values().stream().map(field -> shown(device.get(field))).toList()));
        List<Integer> widths = new ArrayList<>();
        for (int column = 0; column < columns.size(); column++) {
            int at = column;
            widths.add(rows.stream().mapToInt(row -> row.get(at).length()).max().orElse(0));
        }
        StringBuilder text = new StringBuilder(line(rows.getFirst(), widths));
        for (int i = 0; i < devices.size(); i++) {
            text.append(line(rows.get(i + 1), widths)).append(below(devices.get(i), verbose));
        }
        return text.toString();
    }

    private static String line(List<String> cells, List<Integer> widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            line.append(cells.get(i)).append(" ".repeat(widths.get(i) - cells.get(i).length())).append(GAP);
        }
        return line.toString().stripTrailing() + '\n';
    }

    private static String below(Map<String, Object> device, boolean verbose) {
        String text = "";
        if (device.get("hindrance") != null) {
            text = GAP + "not in use: " + shown(device.get("hindrance")) + '\n';
        }
        if (verbose && device.get("counters") instanceof Map<?, ?> counters && !counters.isEmpty()) {
            text += counters.entrySet().stream().map(each -> each.getKey() + "=" + each.getValue())
                    .collect(Collectors.joining(" ", GAP, "\n"));
        }
        return text;
    }

    /// The guest has a part in some of it, so nothing in it moves the cursor.
    private static String shown(Object value) {
        String text = value == null ? "" : value.toString().replaceAll("\\p{Cntrl}", "?");
        return text.isEmpty() ? NOTHING : text;
    }
}
