package xenolith.vmm.control;

/// Where the hypervisor's words about a domain go, and what the guest writes by `console_io`. Any thread.
public interface DomainLog {
    /// One line, without its end.
    void line(String text);

    /// Bytes that the guest wrote to the hypervisor's console; not necessarily whole lines.
    void guestOutput(byte[] bytes, int byteLength);

    /// Whether `kind` is to be traced; asked once a call, so cheap.
    boolean traces(Trace kind);

    /// What `--trace` names.
    enum Trace {
        HYPERCALLS, EXITS, FAULTS, REFUSALS
    }
}
