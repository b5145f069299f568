package xenolith.backend.net.firewall;

/// What a rule has done so far.
///
/// @param text    the rule
/// @param packets frames that it was for
/// @param bytes   of those
/// @param dropped how many of them it dropped
public record RuleCount(String text, long packets, long bytes, long dropped) {
}
