package xenolith.vmm.machine;

/// What a vcpu's thread works with.
///
/// @param beforeEntry run with the lock held just before each entry: wakes the poller if it sleeps
record VcpuParts(HypercallServer server, Traps traps, Bounce bounce, Runnable beforeEntry) {
}
