/// The command line and the control plane.
///
/// [xenolith.tool.run] is a library's entrance too, with [xenolith.tool.control] for domains that run already; the
/// other exported packages hold what these two speak of. [xenolith.tool.cli] is for the launcher alone.
module xenolith.tool {
    requires xenolith.kvm;
    requires xenolith.vmm;
    requires xenolith.backends;
    requires info.picocli;
    requires com.fasterxml.jackson.core;

    exports xenolith.tool.backend;
    exports xenolith.tool.console;
    exports xenolith.tool.control;
    exports xenolith.tool.device;
    exports xenolith.tool.directory;
    exports xenolith.tool.disk;
    exports xenolith.tool.host;
    exports xenolith.tool.input;
    exports xenolith.tool.nic;
    exports xenolith.tool.run;
}
