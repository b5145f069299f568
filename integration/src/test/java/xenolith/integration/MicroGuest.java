package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A kernel of `integration/guests/micro`: it checks laws by itself, prints a line for each, and powers off.
///
/// The guests are compiled by the first test that wants one, since what they are made of is in the repository and a
/// second is enough.
final class MicroGuest {
    private static final int MEMORY_MIB = 32;
    private static final int PAGES = MEMORY_MIB * 256;

    private final String name;
    private final List<String> words = new ArrayList<>(List.of("pages=" + PAGES));
    private final List<String> options = new ArrayList<>();
    private List<String> before = List.of();

    private MicroGuest(String name) {
        this.name = name;
    }

    /// The guest `guest` as an image of kind `image`; skips the calling test where this machine cannot run it.
    static MicroGuest of(String guest, String image) {
        Host.requireKvm();
        Host.requireFiles("Xen's headers", Path.of("/usr/include/xen/xen.h"));
        return new MicroGuest(guest + "-" + image);
    }

    /// The guest as the plainest image.
    static MicroGuest of(String guest) {
        return of(guest, "plain");
    }

    /// Adds words to the guest's command line.
    MicroGuest words(String... more) {
        words.addAll(List.of(more));
        return this;
    }

    /// Adds options of `xenolith run`.
    MicroGuest options(String... more) {
        options.addAll(List.of(more));
        return this;
    }

    /// Puts `command` before the launcher's.
    MicroGuest startedBy(List<String> command) {
        before = command;
        return this;
    }

    /// Runs the guest to its end, whatever that is.
    Launched run() {
        Path kernel = Built.FOLDER.resolve(name + ".elf");
        assertThat(Files.isReadable(kernel)).as("%s was built", kernel).isTrue();
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(Host.launcher().toString(), "run", "--memory", MEMORY_MIB + "M", "--kernel", kernel.toString(),
                "--cmdline", String.join(" ", words), "--audit"));
        command.addAll(options);
        return Launched.command(command, null);
    }

    /// Runs the guest and requires that it finds all its laws to hold, at least `leastLaws` of them, powers off, and
    /// leaves counts that an audit agrees with. Returns the laws.
    List<String> holds(int leastLaws) {
        Launched launched = run();
        assertThat(launched.stderr()).as(launched.transcript()).doesNotContain("FAILED").doesNotContain("internal error")
                .contains("audit: clean");
        assertThat(launched.status()).as(launched.transcript()).isZero();
        List<String> laws = launched.stderr().lines().filter(line -> line.startsWith("ok ")).map(line -> line.substring(3))
                .toList();
        assertThat(laws).as(launched.transcript()).hasSizeGreaterThanOrEqualTo(leastLaws).doesNotHaveDuplicates();
        return laws;
    }

    /// Where the compiled guests are: made once, and anew only if something has changed.
    private static final class Built {
        static final Path FOLDER = build();

        private static Path build() {
            Path folder = Host.root().resolve("integration/target/micro");
            Path script = Host.root().resolve("integration/guests/micro/build.sh");
            Launched made = Launched.command(List.of("sh", script.toString(), folder.toString()), null);
            assertThat(made.status()).as("build of the micro-guests: %s", made.transcript()).isZero();
            return folder;
        }
    }
}
