package xenolith.vmm.evtchn;

/// A vcpu as event channels see it.
public interface EventTarget {
    /// Its number.
    int id();

    /// Machine address of its `vcpu_info`, which moves when the guest registers its own.
    long vcpuInfoMa();

    /// Makes it look at its events soon: wakes it if it is blocked, interrupts it if it runs. Any thread.
    void kick();

    /// Makes it look again at what it waits for if it is blocked; does nothing if it runs. Any thread.
    void wakeIfBlocked();
}
