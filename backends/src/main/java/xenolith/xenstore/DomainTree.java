package xenolith.xenstore;

import java.util.List;
import xenolith.xenstore.Permissions.Access;

/// The nodes that a domain finds in the store when it starts, as Xen's toolstack makes them.
///
/// Three kinds of permissions: most nodes the domain may only read; below some it may write what it likes, as it owns
/// them; and those that name its backend are its own but readable for the backend's domain.
public final class DomainTree {
    /// What a console's log may grow to, in bytes, if a console daemon keeps one.
    private static final long CONSOLE_LIMIT = 1 << 20;
    private static final String DOM0 = Path.home(0).toString();

    private final StoreOperations store;
    private final DomainDescription domain;
    private final String home;
    private final Permissions readOnly;
    private final Permissions own;

    private DomainTree(StoreOperations store, DomainDescription domain) {
        this.store = store;
        this.domain = domain;
        this.home = Path.home(domain.domid()).toString();
        this.readOnly = Permissions.ownedBy(0).and(domain.domid(), Access.READ);
        this.own = Permissions.ownedBy(domain.domid());
    }

    /// Writes the nodes of the toolstack's own domain.
    public static void writeDom0(StoreClient client) {
        client.transaction(store -> {
            store.write(DOM0 + "/domid", "0");
            store.write(DOM0 + "/name", "Domain-0");
            return null;
        });
    }

    /// Writes a new domain's nodes, all at once.
    public static void write(StoreClient client, DomainDescription domain) {
        client.transaction(store -> {
            new DomainTree(store, domain).writeAll();
            return null;
        });
    }

    /// Removes what [#write] made and what backends made for the domain. Call it when the domain is gone.
    public static void remove(StoreClient client, int domid) {
        client.transaction(store -> {
            String home = Path.home(domid).toString();
            store.read(home + "/vm").ifPresent(store::remove);
            store.remove(home);
            for (String kind : store.list(DOM0 + "/backend")) {
                store.remove(DOM0 + "/backend/" + kind + '/' + domid);
            }
            return null;
        });
    }

    private void writeAll() {
        String vm = "/vm/" + domain.uuid();
        put(vm, "", readOnly);
        put(vm + "/uuid", domain.uuid().toString(), readOnly);
        put(vm + "/name", domain.name(), readOnly);
        put(home, "", readOnly);
        put(home + "/vm", vm, readOnly);
        put(home + "/name", domain.name(), readOnly);
        put(home + "/domid", Integer.toString(domain.domid()), readOnly);
        writeCpus();
        writeMemory();
        writeControl();
        writeDevices();
        writeRings();
        writeConsoleBackend();
    }

    private void writeCpus() {
        put(home + "/cpu", "", readOnly);
        for (int i = 0; i < domain.maxVcpuCount(); i++) {
            put(home + "/cpu/" + i, "", readOnly);
            put(home + "/cpu/" + i + "/availability", i < domain.vcpuCount() ? "online" : "offline", readOnly);
        }
    }

    private void writeMemory() {
        put(home + "/memory", "", readOnly);
        put(home + "/memory/static-max", Long.toString(domain.maxMemoryKib()), readOnly);
        put(home + "/memory/target", Long.toString(domain.memoryKib()), readOnly);
        put(home + "/memory/videoram", "0", readOnly);
    }

    /// The domain writes the `feature` nodes to say what it obeys, and clears `shutdown` and `sysrq` once it has read
    /// them, so they are its own.
    private void writeControl() {
        put(home + "/control", "", readOnly);
        for (String name : List.of("shutdown", "feature-poweroff", "feature-reboot", "feature-suspend", "sysrq")) {
            put(home + "/control/" + name, "", own);
        }
        put(home + "/control/platform-feature-multiprocessor-suspend", "1", readOnly);
        put(home + "/control/platform-feature-xs_reset_watches", "1", readOnly);
    }

    private void writeDevices() {
        put(home + "/device", "", readOnly);
        put(home + "/device/suspend", "", readOnly);
        put(home + "/device/suspend/event-channel", "", own);
        for (String name : List.of("data", "drivers", "feature", "attr", "error")) {
            put(home + '/' + name, "", own);
        }
    }

    private void writeRings() {
        put(home + "/store", "", readOnly);
        put(home + "/store/port", Integer.toString(domain.store().port()), readOnly);
        put(home + "/store/ring-ref", Long.toString(domain.store().mfn()), readOnly);
        put(home + "/console", "", readOnly);
        put(home + "/console/backend", consoleBackend(), readOnly);
        put(home + "/console/backend-id", "0", own.and(0, Access.READ));
        put(home + "/console/limit", Long.toString(CONSOLE_LIMIT), readOnly);
        put(home + "/console/type", "xenconsoled", readOnly);
        put(home + "/console/output", "pty", readOnly);
        put(home + "/console/port", Integer.toString(domain.console().port()), readOnly);
        put(home + "/console/ring-ref", Long.toString(domain.console().mfn()), readOnly);
    }

    private void writeConsoleBackend() {
        String backend = consoleBackend();
        put(backend, "", readOnly);
        put(backend + "/frontend", home + "/console", readOnly);
        put(backend + "/frontend-id", Integer.toString(domain.domid()), readOnly);
        put(backend + "/online", "1", readOnly);
        put(backend + "/state", "1", readOnly);
        put(backend + "/protocol", "vt100", readOnly);
    }

    private String consoleBackend() {
        return DOM0 + "/backend/console/" + domain.domid() + "/0";
    }

    private void put(String path, String value, Permissions permissions) {
        store.write(path, value);
        store.setPermissions(path, permissions);
    }
}
