package xenolith.abi.io;

import java.util.List;

/// States of a device's two halves, from xen/include/public/io/xenbus.h, written as decimal numbers into xenstore.
///
/// A half closes by going through [#CLOSING] to [#CLOSED]. A number that is none of these reads as [#UNKNOWN], as does
/// a node that is not there.
public enum XenbusState {
    UNKNOWN,
    INITIALISING,
    /// Waits for the other half to say what it wants.
    INIT_WAIT,
    /// Has said what it wants; waits for the other half to connect.
    INITIALISED,
    CONNECTED,
    CLOSING,
    CLOSED,
    RECONFIGURING,
    RECONFIGURED;

    /// In the order of their numbers, which start at 0 without gaps.
    private static final List<XenbusState> ALL = List.of(values());

    /// The number on the wire.
    public int value() {
        return ordinal();
    }

    public static XenbusState of(int value) {
        return value >= 0 && value < ALL.size() ? ALL.get(value) : UNKNOWN;
    }

    /// The state in a node's text, whatever the text is.
    public static XenbusState parse(String text) {
        return text.length() == 1 ? of(text.charAt(0) - '0') : UNKNOWN;
    }
}
