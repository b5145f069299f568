package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;

/// Bringing vcpus up and down: implemented by the machine, which has the threads.
public interface VcpuLifecycle {
    /// `VCPUOP_initialise`: gives vcpu `id` the state in `context`, a copied `vcpu_guest_context`. 0 or a negative errno;
    /// on an error nothing is changed.
    long initialise(int id, MemorySegment context);

    /// `VCPUOP_up`: lets it run. -EINVAL if it was never initialised.
    long up(int id);

    /// `VCPUOP_down`: stops it before its next instruction; if it is the caller, when the call ends.
    long down(int id);
}
