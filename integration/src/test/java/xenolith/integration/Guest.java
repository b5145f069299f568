package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A guest to be booted: a stock kernel and a script for its first process to run, after which it powers off.
final class Guest {
    static final String UP = "XENOLITH GUEST UP";
    private static final String SCRIPT_END = "XENOLITH SCRIPT EXIT ";
    /// Before each line of the kernel's log that a sound kernel would not have written.
    private static final String TROUBLE = "XENOLITH KERNEL TROUBLE ";

    private final Kernel kernel;
    private final List<String> options = new ArrayList<>();
    private List<String> before = List.of();
    private Path image = Host.testImage();
    private final List<Path> files = new ArrayList<>();

    private Guest(Kernel kernel) {
        this.kernel = kernel;
    }

    /// A guest of 512 MiB; skips the calling test where this machine cannot run it.
    static Guest with(Kernel kernel) {
        Host.requireGuests(kernel);
        return new Guest(kernel);
    }

    /// Adds options of `xenolith run`.
    Guest options(String... more) {
        options.addAll(List.of(more));
        return this;
    }

    /// Starts `xenolith` by another command: its words and then ours.
    Guest startedBy(List<String> command) {
        before = command;
        return this;
    }

    /// Uses the image that has strace and gdb; skips the calling test where there is none.
    Guest withDebuggers() {
        Host.requireDebugImage();
        image = Host.debugImage();
        return this;
    }

    /// Puts a module of the kernel's at the root of the guest's files; skips the calling test if it was not fetched.
    Guest module(String name) {
        files.add(Host.requireModule(kernel, name));
        return this;
    }

    /// Boots, runs `script` in the guest, and waits for the end. The kernel must not have logged that it is in trouble,
    /// unless a module is there to get it into some.
    Launched run(String script) {
        try {
            Path initrd = Files.createTempFile("xenolith-guest", ".cpio");
            try {
                GuestImage.writeWithScript(initrd, image, script, files);
                Launched launched = Launched.command(command(initrd), null);
                if (files.isEmpty()) {
                    assertThat(launched.stdout()).as(launched.transcript()).doesNotContain(TROUBLE);
                }
                return launched;
            } finally {
                Host.delete(initrd);
            }
        } catch (IOException e) {
            throw new IllegalStateException("cannot write the guest's image", e);
        }
    }

    /// Likewise, for a script that must succeed and a guest that must power off. Returns what the script printed.
    String output(String script) {
        Launched launched = run(script);
        assertThat(launched.stdout()).as(launched.transcript()).contains(UP).contains(SCRIPT_END + "0");
        assertThat(launched.status()).as(launched.transcript()).isZero();
        return scriptOutput(launched);
    }

    /// The lines between the marker and the end of the script, without the kernel's own.
    static String scriptOutput(Launched launched) {
        String console = launched.stdout();
        int begin = console.indexOf('\n', console.indexOf(UP)) + 1;
        int end = console.indexOf(SCRIPT_END);
        String lines = console.substring(begin, end < begin ? console.length() : end);
        return lines.replaceAll("(?m)^\\[ *\\d+\\.\\d+] .*\\n", "");
    }

    private List<String> command(Path initrd) {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(Host.launcher().toString(), "run", "--kernel", kernel.path().toString(), "--initrd",
                initrd.toString()));
        command.addAll(options);
        return command;
    }
}
