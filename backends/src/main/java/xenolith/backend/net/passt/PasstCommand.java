package xenolith.backend.net.passt;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import xenolith.posix.ChildProcess;

/// How passt is started: `passt(1)`.
///
/// @param program   the file
/// @param mtu       what it tells the guest by DHCP and in router advertisements
/// @param addresses what it gives the guest, at most one of each family; the host's if there are none
/// @param forwards  ports of the host that lead to the guest
public record PasstCommand(Path program, int mtu, List<String> addresses, List<Forward> forwards) {
    /// What it takes at most.
    private static final int MAX_MTU = 65_520;
    private static final String NAME = "passt";

    public PasstCommand {
        addresses = List.copyOf(addresses);
        forwards = List.copyOf(forwards);
    }

    /// The user's own passt: the first on `path`, as `PATH` has it.
    public static Optional<Path> find(String path) {
        for (String folder : path == null ? new String[0] : path.split(":")) {
            Path program = Path.of(folder.isEmpty() ? "." : folder).resolve(NAME);
            if (Files.isRegularFile(program) && Files.isExecutable(program)) {
                return Optional.of(program.toAbsolutePath());
            }
        }
        return Optional.empty();
    }

    List<String> words() {
        List<String> words = new ArrayList<>(List.of(program.toString(), "--foreground", "--quiet",
                "--fd", Integer.toString(ChildProcess.SOCKET), "--mtu", Integer.toString(Math.min(mtu, MAX_MTU))));
        for (String address : addresses) {
            words.addAll(List.of("--address", address));
        }
        addForwards(words, "--tcp-ports", true);
        // Said even if there are none: else UDP would follow what TCP does.
        addForwards(words, "--udp-ports", false);
        return words;
    }

    private void addForwards(List<String> words, String option, boolean isTcp) {
        int before = words.size();
        for (Forward forward : forwards) {
            if (forward.isTcp() == isTcp) {
                words.addAll(List.of(option, forward.option()));
            }
        }
        if (words.size() == before) {
            words.addAll(List.of(option, "none"));
        }
    }
}
