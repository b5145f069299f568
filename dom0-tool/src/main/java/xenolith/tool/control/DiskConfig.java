package xenolith.tool.control;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/// A disk that a domain is to have: which file or block device, under which name, and whether it may write.
///
/// @param path     holds the disk's sectors as they are (raw)
/// @param name     what the guest calls it, as `xvda`
/// @param number   the same as a number, of Xen's docs/misc/vbd-interface
/// @param readOnly the guest may not write it
/// @param place    where its backend runs; one that somebody else runs has the file, and then `path` is null
public record DiskConfig(Path path, String name, long number, boolean readOnly, DiskPlace place) {
    /// Positional words come in this order, as in xl's disk configuration.
    private static final List<String> ORDER = List.of("path", "format", "dev", "access");
    private static final Map<String, String> KEYS = Map.of("path", "path", "target", "path", "format", "format",
            "dev", "dev", "vdev", "dev", "access", "access", "backend", "backend");
    private static final String EXAMPLE = "; an example: path=disk.img,dev=xvda,ro";

    /// A disk that the domain's own process serves.
    public DiskConfig(Path path, String name, long number, boolean readOnly) {
        this(path, name, number, readOnly, new DiskPlace.Here());
    }

    /// Reads `path=FILE,dev=xvda[,ro][,format=raw][,backend=process]`, or xl's `FILE,raw,xvda,w`, or a mixture.
    ///
    /// @throws BadInputException if it makes no sense, or the file cannot be used so
    public static DiskConfig parse(String text) {
        return parse(text, Path.of(""));
    }

    /// As [#parse(String)], with files that are named without a slash in front below `directory`.
    static DiskConfig parse(String text, Path directory) {
        Map<String, String> values = values(text);
        String format = values.getOrDefault("format", "raw");
        if (!format.isEmpty() && !format.equals("raw")) {
            throw new BadInputException("a disk's format is raw, not '" + format + "'");
        }
        String name = values.getOrDefault("dev", "");
        long number = DiskName.number(name);
        boolean readOnly = switch (values.getOrDefault("access", "")) {
            case "r", "ro" -> true;
            case "w", "rw", "" -> false;
            default -> throw new BadInputException("a disk's access is ro or rw, not '" + values.get("access") + "'");
        };
        DiskPlace place = DiskPlace.parse(values.getOrDefault("backend", ""), directory);
        String file = values.getOrDefault("path", "");
        if (!(place instanceof DiskPlace.Listening)) {
            return new DiskConfig(image(file, directory, readOnly), name, number, readOnly, place);
        }
        if (!file.isEmpty() || readOnly) {
            throw new BadInputException("the process that serves a disk opens its file: say path and ro to that one");
        }
        return new DiskConfig(null, name, number, false, place);
    }

    /// The words with which a process of its own is told to serve it.
    String words() {
        return "path=" + path.toAbsolutePath() + ",dev=" + name + (readOnly ? ",ro" : "");
    }

    /// All disks of a domain, of which no two may have the same name.
    public static List<DiskConfig> parseAll(List<String> texts) {
        List<DiskConfig> disks = new ArrayList<>();
        for (String text : texts) {
            DiskConfig disk = parse(text);
            if (disks.stream().anyMatch(other -> other.number() == disk.number())) {
                throw new BadInputException("two disks are called " + disk.name());
            }
            disks.add(disk);
        }
        return List.copyOf(disks);
    }

    private static Map<String, String> values(String text) {
        Map<String, String> values = new HashMap<>();
        Queue<String> order = new ArrayDeque<>(ORDER);
        for (String word : text.split(",", -1)) {
            int equals = word.indexOf('=');
            String key = equals < 0 ? null : KEYS.get(word.substring(0, equals));
            String value = key == null ? word : word.substring(equals + 1);
            boolean isAccess = values.containsKey("path") && (word.equals("ro") || word.equals("rw"));
            if (key == null) {
                key = isAccess ? "access" : order.poll();
            }
            if (key == null || values.put(key, value) != null) {
                throw new BadInputException("the disk '" + text + "' says too much" + EXAMPLE);
            }
            order.remove(key);
        }
        return values;
    }

    private static Path image(String text, Path directory, boolean readOnly) {
        if (text.isEmpty()) {
            throw new BadInputException("a disk needs a file" + EXAMPLE);
        }
        Path path = directory.resolve(InputFiles.path(text));
        if (!Files.exists(path)) {
            throw new BadInputException("there is no disk image " + text);
        }
        if (Files.isDirectory(path)) {
            throw new BadInputException("the disk image " + text + " is a directory");
        }
        if (!Files.isReadable(path) || !readOnly && !Files.isWritable(path)) {
            throw new BadInputException("no permission to " + (readOnly ? "read" : "write") + " the disk image " + text);
        }
        return path;
    }
}
