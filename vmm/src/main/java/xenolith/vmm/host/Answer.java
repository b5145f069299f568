package xenolith.vmm.host;

/// What a probe found.
public enum Answer {
    YES,
    NO,
    /// The probe hung, or ended in a way that it does not know.
    UNKNOWN;

    static Answer of(boolean seen) {
        return seen ? YES : NO;
    }

    /// [#YES] if `yes`, [#NO] if `no`, else unknown.
    static Answer of(boolean yes, boolean no) {
        return yes ? YES : no ? NO : UNKNOWN;
    }

    /// Yes only if both are; one no is enough for no.
    Answer and(Answer other) {
        if (this == NO || other == NO) {
            return NO;
        }
        return this == YES ? other : UNKNOWN;
    }
}
