package xenolith.vmm.machine;

/// What a vcpu's thread works with.
///
/// @param beforeEntry run with the lock held just before each entry: wakes the poller if it sleeps
/// @param atEnd run when the thread ends
record VcpuParts(HypercallServer server, Traps traps, Bounce bounce, VcpuSleep sleep,
        Runnable beforeEntry, Runnable atEnd) {
}
