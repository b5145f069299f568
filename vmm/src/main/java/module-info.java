/// The machine: memory, monitor, validator, hypercalls, exit loop.
///
/// Backends see [xenolith.vmm.port] only; the tool also sees [xenolith.vmm.machine]. Nothing else leaves the module.
module xenolith.vmm {
    requires xenolith.kvm;
    requires transitive xenolith.abi;
    requires org.tukaani.xz;
    requires aircompressor.v3;
    requires org.apache.commons.compress;

    exports xenolith.vmm.port;
    exports xenolith.vmm.machine to
            xenolith.tool;
}
