package xenolith.integration;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Where things are on this machine, and whether guests can run on it.
final class Host {
    private static final int STATUS_HOST_UNFIT = 3;

    private Host() {
    }

    /// The repository's root: the nearest folder upwards that holds the launcher.
    static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.isExecutable(folder.resolve("xenolith"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("no launcher in any folder above " + Path.of("").toAbsolutePath());
            }
        }
        return folder;
    }

    static Path launcher() {
        return root().resolve("xenolith");
    }

    /// What `./dev setup` fetched and built.
    static Path cache() {
        String chosen = System.getenv("XENOLITH_CACHE");
        if (chosen != null) {
            return Path.of(chosen);
        }
        String caches = System.getenv("XDG_CACHE_HOME");
        return (caches != null ? Path.of(caches) : Path.of(System.getProperty("user.home"), ".cache")).resolve("xenolith");
    }

    static Path testImage() {
        return cache().resolve("guests/tests.cpio.gz");
    }

    static Path debugImage() {
        return cache().resolve("guests/debug.cpio.gz");
    }

    static void requireDebugImage() {
        if (!Files.isReadable(debugImage())) {
            skip("no image with strace and gdb at " + debugImage() + ": run ./dev setup");
        }
    }

    /// Skips the calling test, with the reason, where this machine cannot run `kernel`.
    static void requireGuests(Kernel kernel) {
        if (!Files.isReadable(kernel.path())) {
            skip("no " + kernel.name().toLowerCase() + " kernel at " + kernel.path() + ": run ./dev setup");
        }
        if (!Files.isReadable(testImage())) {
            skip("no guest image at " + testImage() + ": run ./dev setup");
        }
        requireKvm();
    }

    /// A module of a kernel; skips the calling test where it was not fetched with it.
    static Path requireModule(Kernel kernel, String name) {
        Path module = kernel.path().resolveSibling("modules").resolve(name);
        if (!Files.isReadable(module)) {
            skip("no module " + module + ": run ./dev setup");
        }
        return module;
    }

    /// A program of this machine; skips the calling test where there is none.
    static String requireProgram(String name, String packageName) {
        for (String folder : List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin")) {
            if (Files.isExecutable(Path.of(folder, name))) {
                return folder + '/' + name;
            }
        }
        skip("no program " + name + " (" + packageName + ")");
        throw new AssertionError("skipping did not end the test");
    }

    /// What `xenolith info` says, asked once.
    private static final class Info {
        static final Launched ONCE = Launched.of(List.of("info", "--json"), null);
    }

    /// Skips the calling test, with the reason, where this machine has no KVM that we can use.
    static void requireKvm() {
        Launched info = Info.ONCE;
        if (info.status() == STATUS_HOST_UNFIT) {
            skip(info.stderr().strip());
        }
        if (info.status() != 0) {
            fail("xenolith info ended with " + info.status() + ": " + info.stderr());
        }
        JsonNode host = json(info.stdout()).path("host");
        if (!host.path("runs_guests").asBoolean()) {
            skip("xenolith info: this host runs no guests: " + host.path("shortcomings"));
        }
    }

    /// Skips the calling test, with the reason, where `xenolith info` does not say yes to `key`.
    static void requireBehaviour(String key, String reason) {
        requireKvm();
        if (!json(Info.ONCE.stdout()).path("behaviour").path(key).asBoolean()) {
            skip("xenolith info: on this host, " + reason);
        }
    }

    /// Skips the calling test where one of `files`, which are `what`, is not there.
    static void requireFiles(String what, Path... files) {
        for (Path file : files) {
            if (!Files.isReadable(file)) {
                skip("no " + what + " at " + file + ": run ./dev setup");
            }
        }
    }

    /// Skips the calling test where `command`, which is `what`, does not succeed.
    static void requireRuns(String what, String... command) {
        Launched launched = Launched.command(List.of(command), null);
        if (launched.status() != 0) {
            skip(what + " does not run here: " + launched.stderr().strip());
        }
    }

    private static JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (IOException e) {
            throw new IllegalStateException("not JSON: " + text, e);
        }
    }

    private static void skip(String reason) {
        if ("1".equals(System.getenv("XENOLITH_REQUIRE_GUESTS"))) {
            fail("guests are required here, but: " + reason);
        }
        abort(reason);
    }

    /// How often tests of reliability boot; more where the environment says so.
    static int bootCount() {
        String count = System.getenv("XENOLITH_BOOTS");
        return count == null ? 3 : Integer.parseInt(count);
    }

    /// How often tests that kill the hypervisor do so; more where the environment says so.
    static int killCount() {
        String count = System.getenv("XENOLITH_KILLS");
        return count == null ? 2 : Integer.parseInt(count);
    }

    static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new IllegalStateException("cannot delete " + file, e);
        }
    }
}
