package xenolith.xenstore;

import java.util.UUID;

/// What the toolstack writes into the store about a new domain.
///
/// @param vcpuCount how many virtual CPUs are online at the start
/// @param maxVcpuCount how many there can ever be
/// @param maxMemoryKib `memory/static-max`, in KiB
/// @param memoryKib `memory/target`: what the balloon aims at, in KiB
/// @param store the xenstore ring
/// @param console the console ring
public record DomainDescription(
        int domid,
        UUID uuid,
        String name,
        int vcpuCount,
        int maxVcpuCount,
        long maxMemoryKib,
        long memoryKib,
        Ring store,
        Ring console) {
    /// A ring page by its machine frame, and the guest's port of its event channel.
    public record Ring(long mfn, int port) {
    }
}
