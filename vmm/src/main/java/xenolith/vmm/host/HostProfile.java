package xenolith.vmm.host;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import xenolith.vmm.monitor.MonitorAbi;

/// What this host's `/dev/kvm` offers, does and charges.
///
/// @param apiVersion   `KVM_GET_API_VERSION`
/// @param capabilities KVM's answer for every [Capability]; 0 is no
public record HostProfile(int apiVersion, Map<Capability, Integer> capabilities, Behaviour behaviour, Costs costs) {
    public HostProfile {
        EnumMap<Capability, Integer> all = new EnumMap<>(Capability.class);
        for (Capability capability : Capability.values()) {
            all.put(capability, capabilities.getOrDefault(capability, 0));
        }
        capabilities = Map.copyOf(all);
    }

    /// The profile of this host: the remembered one if it is of this kernel, processor and device, else a new one.
    ///
    /// @throws xenolith.posix.HostException if `/dev/kvm` cannot be used at all
    public static HostProfile current() {
        return remembered().orElseGet(HostProfile::probe);
    }

    /// What an earlier probe found on this kernel, processor and device, if it is remembered.
    public static Optional<HostProfile> remembered() {
        return ProfileCache.ofUser().find(HostIdentity.key());
    }

    /// Probes the host, whatever is remembered, and remembers the result.
    ///
    /// @throws xenolith.posix.HostException if `/dev/kvm` cannot be used at all
    public static HostProfile probe() {
        HostProfile profile = HostProbe.run();
        if (profile.isComplete()) {
            ProfileCache.ofUser().store(HostIdentity.key(), profile);
        }
        return profile;
    }

    public int capability(Capability capability) {
        return capabilities.get(capability);
    }

    public boolean has(Capability capability) {
        return capability.isSatisfiedBy(capability(capability));
    }

    /// Whether we may leave out the commit of page-table entries by ring 0; false if that is not known, which is right
    /// on every host.
    public boolean hostWritesCoherent() {
        return behaviour.hostWritesCoherent() == Answer.YES;
    }

    /// Whether the machine-to-phys array can be mapped at its traditional place; false if that is not known: reads there
    /// are then emulated, which is right on every host.
    public boolean canMapTraditionalM2p() {
        return behaviour.usableSlots().contains(MonitorAbi.TRADITIONAL_M2P_SLOT);
    }

    /// Whether SYSCALL comes to LSTAR though EFER.SCE forbids it. Then it is better forbidden: the same hosts emulate the
    /// 32-bit one, and enter ring 0 at the lower half of CSTAR, where a process may have code of its own.
    public boolean syscallNeedsNoEnabling() {
        return behaviour.syscallLands() == Behaviour.Ring.RING3_ALWAYS;
    }

    /// Whether a guest's breakpoints may be loaded into debug registers.
    public boolean breakpointsWork() {
        return behaviour.breakpointsWork() == Answer.YES;
    }

    /// Whether KVM knows which data segments ring 3 has loaded; those that cannot load all do not look.
    public boolean tellsSelectors() {
        return behaviour.tlsSelectorsLoad() == Answer.YES;
    }

    /// Why no domain can run here, one reason an element; empty if it can. What is not known is no reason.
    public List<String> shortcomings() {
        List<String> reasons = new ArrayList<>();
        for (Capability capability : missing()) {
            reasons.add("KVM lacks KVM_CAP_" + capability + (capability == Capability.SYNC_REGS ? " (REGS|SREGS)" : ""));
        }
        if (behaviour.hostUpgradesSeen() == Answer.NO) {
            reasons.add("KVM does not see the page-table entries that we add");
        }
        if (behaviour.commitsSeen() == Answer.NO) {
            reasons.add("KVM does not see the page-table entries that ring 0 commits");
        }
        if (!behaviour.usableSlots().isEmpty() && !behaviour.usableSlots().contains(MonitorAbi.L4_SLOT)) {
            reasons.add(String.format(Locale.ROOT, "the monitor's L4 slot, %d, cannot be used from ring 3",
                    MonitorAbi.L4_SLOT));
        }
        if (behaviour.mmioWriteAdvancesRip() == Answer.NO) {
            reasons.add("KVM stops before an MMIO write, not behind it");
        }
        return reasons;
    }

    /// Throws [HostUnfit] with all [#shortcomings] in one line, if there are any.
    public void requireFit() {
        List<String> reasons = shortcomings();
        if (!reasons.isEmpty()) {
            throw new HostUnfit("this host cannot run guests: " + String.join("; ", reasons));
        }
    }

    /// Throws [HostUnfit] if a domain cannot have so many vcpus here. Where tables are shadowed and ring 0 is native, KVM
    /// need not see a commit's stores before a vcpu that uses the table loads a root, and we cannot make it: another vcpu
    /// would go on with what was taken away.
    public void requireFit(int vcpuCount) {
        requireFit();
        if (vcpuCount > 1 && behaviour.hostWritesCoherent() == Answer.NO
                && behaviour.syscallLands() == Behaviour.Ring.RING0) {
            throw new HostUnfit("this host shadows page tables under a native ring 0 (npt=0 or ept=0): a guest can have "
                    + "one virtual CPU here, not " + vcpuCount);
        }
    }

    /// The mandatory capabilities that KVM lacks.
    public List<Capability> missing() {
        List<Capability> missing = new ArrayList<>();
        for (Capability capability : Capability.values()) {
            if (capability.isMandatory() && !has(capability)) {
                missing.add(capability);
            }
        }
        return missing;
    }

    /// Whether every probe answered. Others are not remembered: the next start tries again.
    public boolean isComplete() {
        return behaviour.isComplete() && costs.isComplete();
    }
}
