package xenolith.tool.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import xenolith.tool.directory.RunBase;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.ControlException;
import xenolith.tool.input.DomainName;

/// The domains that this user runs, each in a process of its own.
public final class RunningDomains {
    private static final long START_PATIENCE_NS = 5_000_000_000L;
    private static final long START_CHECK_MS = 50;

    private RunningDomains() {
    }

    /// All, by name. A directory behind which nobody answers is what a killed process left, and not in the list.
    public static List<RunningDomain> all() {
        return all(RunBase.ofUser());
    }

    /// The one called `name`; or if that is null, the only one.
    ///
    /// Throws [BadInputException] if there is no such domain, or no name and several.
    public static RunningDomain named(String name) {
        return named(RunBase.ofUser(), name);
    }

    public static List<RunningDomain> all(RunBase base) {
        base.check();
        List<RunningDomain> found = new ArrayList<>();
        for (String name : names(base)) {
            RunningDomain domain = new RunningDomain(name, base.path().resolve(name));
            if (domain.answers()) {
                found.add(domain);
            }
        }
        return found;
    }

    public static RunningDomain named(RunBase base, String name) {
        base.check();
        if (name != null) {
            RunningDomain domain = new RunningDomain(name, base.path().resolve(DomainName.checked(name)));
            if (!isUp(domain)) {
                throw new BadInputException("no domain called " + name + " is running");
            }
            return domain;
        }
        List<RunningDomain> running = all(base);
        if (running.isEmpty()) {
            throw new BadInputException("no domain is running");
        }
        if (running.size() > 1) {
            throw new BadInputException("several domains are running, so name one: "
                    + String.join(", ", running.stream().map(RunningDomain::name).toList()));
        }
        return running.getFirst();
    }

    /// Waits a little for one that is only just starting.
    private static boolean isUp(RunningDomain domain) {
        long deadline = System.nanoTime() + START_PATIENCE_NS;
        while (!domain.answers()) {
            if (!domain.isStarting() || System.nanoTime() >= deadline) {
                return false;
            }
            try {
                Thread.sleep(START_CHECK_MS);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    private static List<String> names(RunBase base) {
        if (!Files.isDirectory(base.path())) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(base.path())) {
            return entries.filter(Files::isDirectory).map(entry -> entry.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new ControlException("cannot look into " + base.path() + ": " + e.getMessage(), e);
        }
    }
}
