package xenolith.tool.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.Json;

/// The file that `--stats` asks for: one JSON object with the fields of [DomainStats].
public final class StatsFile {
    private StatsFile() {
    }

    /// Throws [BadInputException] where the file cannot be written.
    public static void write(Path path, DomainStats stats) {
        try {
            Files.writeString(path, text(stats));
        } catch (IOException e) {
            throw new BadInputException("cannot write the statistics to " + path + ": " + e.getMessage(), e);
        }
    }

    static String text(DomainStats stats) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("exits", new TreeMap<>(stats.exits()));
        object.put("hypercalls", new TreeMap<>(stats.hypercalls()));
        object.put("traps", new TreeMap<>(stats.traps()));
        object.put("refusals", new TreeMap<>(stats.refusals()));
        object.put("commits", stats.commits());
        object.put("disks", stats.disks());
        object.put("nics", stats.nics());
        object.put("times_ms", stats.timesMs());
        return Json.text(object);
    }
}
