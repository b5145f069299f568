package xenolith.vmm.hypercall;

/// What a hypercall may do to the vcpu that made it, on the vcpu's own thread: implemented by the exit loop.
public interface VcpuControl {
    /// `SCHEDOP_block`: unmasks events and sleeps until one is pending. The domain's lock is released meanwhile.
    void block();

    /// `SCHEDOP_poll`: sleeps until one of `portCount` ports in `ports` is pending or system time reaches
    /// `deadlineNs`. The domain's lock is released meanwhile.
    void poll(int[] ports, int portCount, long deadlineNs);

    /// `SCHEDOP_yield`: lets other threads of the host run, backends among them.
    void yieldHost();

    /// The guest says that it has crashed: ends the domain, with a report.
    void crashed(String reason);

    /// Sets the GS base that the kernel is running with.
    void kernelGsBase(long base);

    /// Sets or clears CR0.TS.
    void taskSwitched(boolean set);
}
