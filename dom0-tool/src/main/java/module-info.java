/// The command line and the control plane.
///
/// [xenolith.tool.control] is a library's entrance too; [xenolith.tool.cli] is for the launcher alone.
module xenolith.tool {
    requires xenolith.kvm;
    requires xenolith.vmm;
    requires xenolith.backends;
    requires info.picocli;
    requires com.fasterxml.jackson.core;

    exports xenolith.tool.control;
}
