package xenolith.backend;

import java.util.LinkedHashMap;
import java.util.Map;
import xenolith.xenstore.Permissions;
import xenolith.xenstore.Permissions.Access;
import xenolith.xenstore.StoreClient;
import xenolith.xenstore.StoreTransaction;

/// Which device of which domain, as xenstore's paths name it.
///
/// @param kind   `vbd` for disks, `vif` for network interfaces
/// @param number a disk's virtual device number, an interface's index
public record DeviceId(int domid, String kind, long number) {
    private static final int BACKEND_DOMID = 0;

    public String frontendPath() {
        return "/local/domain/" + domid + "/device/" + kind + '/' + number;
    }

    public String backendPath() {
        return "/local/domain/" + BACKEND_DOMID + "/backend/" + kind + '/' + domid + '/' + number;
    }

    /// Makes both directories, as the toolstack does before a device's halves find them: the frontend's belongs to the
    /// guest, ours it may read.
    public void create(StoreClient client, Map<String, String> frontend, Map<String, String> backend) {
        Map<String, String> front = new LinkedHashMap<>(frontend);
        front.put("backend", backendPath());
        front.put("backend-id", Integer.toString(BACKEND_DOMID));
        front.put("state", "1");
        Map<String, String> back = new LinkedHashMap<>(backend);
        back.put("frontend", frontendPath());
        back.put("frontend-id", Integer.toString(domid));
        back.put("online", "1");
        back.put("state", "1");
        client.transaction(store -> {
            put(store, backendPath(), back, Permissions.ownedBy(BACKEND_DOMID).and(domid, Access.READ));
            put(store, frontendPath(), front, Permissions.ownedBy(domid).and(BACKEND_DOMID, Access.READ));
            return null;
        });
    }

    /// Removes both directories.
    public void remove(StoreClient client) {
        client.transaction(store -> {
            store.remove(frontendPath());
            store.remove(backendPath());
            return null;
        });
    }

    private static void put(StoreTransaction store, String path, Map<String, String> nodes, Permissions permissions) {
        store.write(path, "");
        store.setPermissions(path, permissions);
        nodes.forEach((name, value) -> {
            store.write(path + '/' + name, value);
            store.setPermissions(path + '/' + name, permissions);
        });
    }
}
