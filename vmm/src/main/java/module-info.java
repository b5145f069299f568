/// The machine: memory, monitor, validator, hypercalls, exit loop.
///
/// Backends see [xenolith.vmm.port] only; the tool also sees [xenolith.vmm.control], [xenolith.vmm.host] and
/// [xenolith.vmm.machine]. Nothing else leaves the module.
@SuppressWarnings("module") // xenolith.tool comes later in the build: its exports cannot be seen here.
module xenolith.vmm {
    requires xenolith.kvm;
    requires transitive xenolith.abi;
    requires org.tukaani.xz;
    requires aircompressor.v3;
    requires org.apache.commons.compress;
    // aircompressor, an automatic module, uses sun.misc.Unsafe and cannot say so itself.
    requires jdk.unsupported;

    exports xenolith.vmm.port;
    exports xenolith.vmm.control to
            xenolith.tool;
    exports xenolith.vmm.host to
            xenolith.tool;
    exports xenolith.vmm.machine to
            xenolith.tool;
}
