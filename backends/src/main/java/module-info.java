/// The backends: xenstore, and the device backends that serve a domain's frontends over shared pages and event ports.
///
/// They see a domain through [xenolith.vmm.port] alone and never the machine behind it, so that a backend runs in a
/// unit test, or in another process, as it does here.
@SuppressWarnings("module") // xenolith.tool comes later in the build: its exports cannot be seen here.
module xenolith.backends {
    requires transitive xenolith.abi;
    requires transitive xenolith.vmm;
    requires xenolith.kvm;
    requires aircompressor.v3;

    exports xenolith.xenstore to
            xenolith.tool;
    exports xenolith.xenstore.socket to
            xenolith.tool;
    exports xenolith.socket to
            xenolith.tool;
    exports xenolith.backend to
            xenolith.tool;
    exports xenolith.backend.console to
            xenolith.tool;
    exports xenolith.backend.blk to
            xenolith.tool;
    exports xenolith.backend.image to
            xenolith.tool;
    exports xenolith.backend.image.qcow2 to
            xenolith.tool;
    exports xenolith.backend.remote to
            xenolith.tool;
    exports xenolith.backend.net to
            xenolith.tool;
    exports xenolith.backend.net.firewall to
            xenolith.tool;
    exports xenolith.backend.net.passt to
            xenolith.tool;
    exports xenolith.backend.net.switching to
            xenolith.tool;
}
