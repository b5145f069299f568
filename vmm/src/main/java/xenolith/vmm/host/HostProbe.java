package xenolith.vmm.host;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import xenolith.kvm.Kvm;
import xenolith.posix.KickSignal;

/// Makes a [HostProfile] by asking and by trying.
final class HostProbe {
    private HostProbe() {
    }

    /// Asks KVM, and runs every probe in one VM if it offers what that takes. Takes some 25 ms on a software KVM.
    static HostProfile run() {
        try (Kvm kvm = Kvm.open()) {
            Map<Capability, Integer> capabilities = new EnumMap<>(Capability.class);
            for (Capability capability : Capability.values()) {
                capabilities.put(capability, kvm.checkExtension(capability.number()));
            }
            HostProfile asked = new HostProfile(kvm.apiVersion(), capabilities, Behaviour.UNKNOWN, Costs.UNKNOWN);
            return asked.missing().isEmpty() ? onItsOwnThread(() -> tried(kvm, asked)) : asked;
        }
    }

    private static HostProfile tried(Kvm kvm, HostProfile asked) {
        KickSignal.blockOnCurrentThread();
        try (ProbeGuest guest = new ProbeGuest(kvm)) {
            Behaviour behaviour = new BehaviourProbe(guest).behaviour();
            return new HostProfile(asked.apiVersion(), asked.capabilities(), behaviour, new CostProbe(guest).costs());
        }
    }

    /// A thread that blocks the kick signal blocks it for good, so it is not the caller's. It ends in bounded time.
    private static HostProfile onItsOwnThread(Callable<HostProfile> body) {
        FutureTask<HostProfile> task = new FutureTask<>(body);
        Thread.ofPlatform().name("host-probe").daemon().start(task);
        boolean interrupted = false;
        while (true) {
            try {
                HostProfile profile = task.get();
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
                return profile;
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException cause) {
                    throw cause;
                }
                throw new IllegalStateException("the host's probe failed", e.getCause());
            }
        }
    }
}
