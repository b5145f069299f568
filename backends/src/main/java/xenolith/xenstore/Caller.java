package xenolith.xenstore;

/// Who asks.
///
/// @param domid the domain
/// @param target a domain whose rights this one has as well (`SET_TARGET`, for a device model's domain), or -1
/// @param privileged whether permissions and quotas are no matter, as for dom0
public record Caller(int domid, int target, boolean privileged) {
    /// The toolstack.
    public static final Caller DOM0 = new Caller(0, -1, true);

    /// An ordinary domain.
    public static Caller guest(int domid) {
        return new Caller(domid, -1, false);
    }

    Caller withTarget(int newTarget) {
        return new Caller(domid, newTarget, privileged);
    }

    /// Whether this caller acts for `other`.
    boolean is(int other) {
        return domid == other || target == other;
    }
}
