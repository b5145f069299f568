package xenolith.integration;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/// Which package may import which: the picture of docs/architecture.md as a table. A package that is not in it is a
/// mistake until someone has thought about its place.
final class Layers {
    private static final String ROOT = "xenolith.";
    private static final Map<String, List<String>> MAY_IMPORT = new TreeMap<>();

    static {
        // kvm-bindings and paravirt-abi: the two floors; neither knows the other.
        rule("posix", "");
        rule("kvm", "posix");
        rule("abi", "");
        rule("abi.x86", "abi");
        rule("abi.io", "abi");
        // vmm
        rule("vmm.port", "abi");
        rule("vmm.control", "");
        rule("vmm.guest", "abi posix kvm");
        rule("vmm.monitor", "abi abi.x86 kvm vmm.guest");
        rule("vmm.host", "abi posix kvm vmm.guest vmm.monitor");
        rule("vmm.mm", "abi abi.x86 vmm.guest");
        rule("vmm.emul", "abi abi.x86 vmm.guest");
        rule("vmm.image", "abi abi.x86 posix");
        rule("vmm.evtchn", "abi vmm.guest vmm.port");
        rule("vmm.gnttab", "abi abi.x86 vmm.port vmm.guest vmm.mm");
        rule("vmm.sched", "abi posix vmm.guest vmm.evtchn");
        rule("vmm.domain", "abi abi.x86 posix vmm.port vmm.control vmm.guest vmm.monitor vmm.mm vmm.evtchn vmm.gnttab "
                + "vmm.sched");
        rule("vmm.hypercall", "abi abi.x86 vmm.control vmm.guest vmm.monitor vmm.mm vmm.emul vmm.evtchn vmm.gnttab "
                + "vmm.sched vmm.domain");
        rule("vmm.build", "abi abi.x86 vmm.guest vmm.monitor vmm.mm vmm.image vmm.domain");
        rule("vmm.machine", "abi abi.x86 posix kvm vmm.port vmm.control vmm.guest vmm.monitor vmm.mm vmm.emul vmm.image "
                + "vmm.evtchn vmm.gnttab vmm.sched vmm.domain vmm.hypercall vmm.build vmm.host");
        // backends
        rule("xenstore", "abi abi.io");
        rule("socket", "");
        rule("xenstore.socket", "abi abi.io socket xenstore");
        rule("backend", "abi abi.io posix vmm.port xenstore");
        rule("backend.console", "abi abi.io vmm.port backend");
        rule("backend.image", "posix");
        rule("backend.image.qcow2", "posix backend.image");
        rule("backend.blk", "abi abi.io posix vmm.port backend backend.image");
        rule("backend.remote", "abi abi.io posix vmm.port backend");
        rule("backend.net", "abi abi.io posix vmm.port backend");
        rule("backend.net.switching", "posix backend.net");
        rule("backend.net.passt", "posix backend backend.net");
        rule("backend.net.firewall", "backend.net");
        // dom0-tool
        rule("tool.input", "");
        rule("tool.directory", "tool.input");
        rule("tool.host", "vmm.host tool.input");
        rule("tool.device", "posix xenstore backend backend.remote tool.input");
        rule("tool.console", "posix vmm.port socket backend backend.console tool.input tool.device");
        rule("tool.disk", "posix vmm.port backend backend.blk backend.image backend.image.qcow2 backend.remote "
                + "tool.input tool.device");
        rule("tool.nic", "posix vmm.port backend backend.net backend.net.switching backend.net.passt "
                + "backend.net.firewall backend.remote tool.input tool.directory tool.device");
        rule("tool.backend", "backend backend.blk backend.image backend.net tool.input tool.device tool.disk tool.nic");
        rule("tool.control", "posix socket xenstore.socket tool.input tool.directory tool.device tool.nic");
        rule("tool.run", "posix vmm.control vmm.machine vmm.host vmm.port socket xenstore xenstore.socket backend "
                + "backend.console tool.input tool.directory tool.host tool.device tool.console tool.disk tool.nic "
                + "tool.control");
        rule("tool.cli", "tool.input tool.directory tool.host tool.console tool.disk tool.nic tool.backend "
                + "tool.control tool.run");
    }

    private Layers() {
    }

    private static void rule(String name, String mayImport) {
        List<String> allowed = new ArrayList<>();
        for (String other : mayImport.split(" ")) {
            allowed.add(ROOT + other);
        }
        MAY_IMPORT.put(ROOT + name, allowed);
    }

    /// What is wrong with `imports`, a map from each package to the project's packages that it uses. Empty when all is
    /// well.
    static List<String> violations(Map<String, TreeSet<String>> imports) {
        List<String> violations = new ArrayList<>();
        imports.forEach((name, used) -> {
            List<String> allowed = MAY_IMPORT.get(name);
            if (allowed == null) {
                violations.add(name + " has no place in the layers");
                return;
            }
            for (String other : used) {
                if (!other.equals(name) && !allowed.contains(other)) {
                    violations.add(name + " may not use " + other);
                }
            }
        });
        return violations;
    }
}
