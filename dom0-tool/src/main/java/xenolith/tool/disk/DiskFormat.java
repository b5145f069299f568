package xenolith.tool.disk;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import xenolith.tool.input.BadInputException;

/// In what form a disk's file holds its sectors.
public enum DiskFormat {
    /// As they are.
    RAW,
    /// As *The qcow2 image format* says.
    QCOW2,
    /// The file says in which other files they are.
    EXTENTS;

    static DiskFormat named(String name) {
        return Arrays.stream(values()).filter(format -> format.word().equals(name)).findFirst()
                .orElseThrow(() -> new BadInputException("a disk's format is " + Arrays.stream(values())
                        .map(DiskFormat::word).collect(Collectors.joining(", ")) + ", not '" + name + "'"));
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
