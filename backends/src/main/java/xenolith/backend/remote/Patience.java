package xenolith.backend.remote;

import java.time.Duration;

/// How long the machine waits for a device's process.
///
/// @param answer for its answer to a command; then it counts as dead
/// @param absence for a process that serves, before the guest's requests fail
/// @param afterlife for it to end by itself, or let go, when its domain is gone
public record Patience(Duration answer, Duration absence, Duration afterlife) {
    public static final Patience DEFAULT =
            new Patience(Duration.ofSeconds(60), Duration.ofSeconds(60), Duration.ofSeconds(5));
}
