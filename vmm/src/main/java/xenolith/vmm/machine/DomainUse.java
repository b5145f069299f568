package xenolith.vmm.machine;

import xenolith.abi.XenVcpu;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.sched.RunState;

/// What a domain has of the host at one moment.
///
/// @param memoryBytes    its frames
/// @param maxMemoryBytes those it may have
/// @param vcpusUp        vcpus that are up
/// @param vcpusRunning   those of them that do not wait for an event
/// @param cpuTimeNs      time that its vcpus have been running, summed
public record DomainUse(long memoryBytes, long maxMemoryBytes, int vcpusUp, int vcpusRunning, long cpuTimeNs) {
    static DomainUse of(Domain domain) {
        domain.lock().lock();
        try {
            long now = domain.clock().nowNs();
            int running = 0;
            long timeNs = 0;
            for (int id = 0; id < domain.vcpuCount(); id++) {
                RunState state = domain.vcpu(id).runState();
                timeNs += state.timeNs(XenVcpu.RUNSTATE_RUNNING);
                if (state.state() == XenVcpu.RUNSTATE_RUNNING) {
                    timeNs += now - state.enteredNs();
                    running++;
                }
            }
            return new DomainUse(domain.reservation().frameCount() << MachineMemory.PAGE_SHIFT,
                    domain.reservation().maxFrames() << MachineMemory.PAGE_SHIFT, domain.vcpusUp(), running, timeNs);
        } finally {
            domain.lock().unlock();
        }
    }
}
