package xenolith.vmm.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/// The profile of the last probe, in a small text file. One that is of another host, damaged or unreadable is as if it
/// were not there; one that cannot be written costs the next start a probe.
final class ProfileCache {
    private static final String NAME = "host-profile.properties";
    /// Ours has about a thousand bytes.
    private static final long MOST_BYTES = 1 << 16;

    private final Path file;

    ProfileCache(Path directory) {
        this.file = directory.resolve(NAME);
    }

    /// `$XDG_CACHE_HOME/xenolith`, or `~/.cache/xenolith`.
    static ProfileCache ofUser() {
        String chosen = System.getenv("XDG_CACHE_HOME");
        Path caches = chosen != null && chosen.startsWith("/")
                ? Path.of(chosen)
                : Path.of(System.getProperty("user.home"), ".cache");
        return new ProfileCache(caches.resolve("xenolith"));
    }

    Path file() {
        return file;
    }

    Optional<HostProfile> find(String key) {
        try {
            return Files.size(file) > MOST_BYTES ? Optional.empty() : ProfileText.parse(Files.readString(file), key);
        } catch (IOException absent) {
            return Optional.empty();
        }
    }

    /// Appears by rename: a reader sees the old one or the new one.
    void store(String key, HostProfile profile) {
        Path temporary = null;
        try {
            Files.createDirectories(file.getParent());
            temporary = Files.createTempFile(file.getParent(), "host-profile-", ".tmp");
            Files.writeString(temporary, ProfileText.format(profile, key));
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | UnsupportedOperationException unwritable) {
            delete(temporary);
        }
    }

    private static void delete(Path temporary) {
        try {
            if (temporary != null) {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException stays) {
            // A few hundred bytes in a cache folder.
        }
    }
}
