package xenolith.backend.remote;

/// The messages between the machine's process and a device's, one each way for every question: the answer has the
/// question's type with [#REPLY], and its tag. docs/remote-backends.md is their specification.
final class Wire {
    /// Both ends must be of one version.
    static final int VERSION = 3;
    static final int MAGIC = 0x584c_4456;
    static final int REPLY = 1 << 31;

    // What the machine asks of the device.
    static final int HELLO = 1;
    static final int OFFER = 2;
    static final int CONNECT = 3;
    static final int DISCONNECT = 4;
    static final int DESCRIBE = 5;
    static final int COUNTERS = 6;

    // What the device asks of the machine.
    static final int READ_NODE = 16;
    static final int WRITE_NODE = 17;
    static final int OPEN_GRANTS = 18;
    static final int CLOSE_GRANTS = 19;
    static final int MAP = 20;
    static final int UNMAP = 21;
    static final int COPY_FROM = 22;
    static final int COPY_TO = 23;
    static final int BIND = 24;
    static final int UNBIND = 25;
    static final int RECORD = 26;
    static final int FAULT = 27;

    /// The first word of an answer.
    static final int OKAY = 0;
    static final int REFUSED = -1;

    /// How many of each a device may have of the machine.
    static final int MAX_GRANTS = 16;
    static final int MAX_PORTS = 16;
    static final int MAX_RECORDS = 16;
    /// Nodes of different names that it writes, through all its processes.
    static final int MAX_NODES = 64;
    static final int MAX_COUNTERS = 64;

    private Wire() {
    }
}
