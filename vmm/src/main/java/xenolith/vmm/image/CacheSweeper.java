package xenolith.vmm.image;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Keeps the cache directory small: the newest entries stay, and what a killed process left half-written goes.
final class CacheSweeper {
    static final String TEMPORARY_SUFFIX = ".tmp";
    /// Longer than any unpacking takes.
    private static final Duration ABANDONED = Duration.ofHours(1);

    private record Aged(Path path, Instant used) {
    }

    private CacheSweeper() {
    }

    /// Deletes all but the `keep` most recently used files that end in `suffix`, and abandoned temporary files.
    static void sweep(Path directory, String suffix, int keep) throws IOException {
        List<Aged> entries = list(directory, suffix);
        entries.sort(Comparator.comparing(Aged::used).reversed());
        for (Aged old : entries.subList(Math.min(keep, entries.size()), entries.size())) {
            delete(old.path);
        }
        Instant longAgo = Instant.now().minus(ABANDONED);
        for (Aged temporary : list(directory, TEMPORARY_SUFFIX)) {
            if (temporary.used.isBefore(longAgo)) {
                delete(temporary.path);
            }
        }
    }

    /// Deletes a file if it can; null is none.
    static void delete(Path path) {
        try {
            if (path != null) {
                Files.deleteIfExists(path);
            }
        } catch (IOException stays) {
            // The next sweep tries again.
        }
    }

    private static List<Aged> list(Path directory, String suffix) throws IOException {
        List<Aged> found = new ArrayList<>();
        try (DirectoryStream<Path> paths = Files.newDirectoryStream(directory, "*" + suffix)) {
            for (Path path : paths) {
                found.add(new Aged(path, lastUse(path)));
            }
        } catch (DirectoryIteratorException failed) {
            throw failed.getCause();
        }
        return found;
    }

    /// Another process may have deleted it meanwhile: then it is the oldest.
    private static Instant lastUse(Path path) {
        try {
            return Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant();
        } catch (IOException gone) {
            return Instant.EPOCH;
        }
    }
}
