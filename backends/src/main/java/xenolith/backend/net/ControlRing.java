package xenolith.backend.net;

import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_STATUS_SUCCESS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.function.Consumer;
import xenolith.abi.XenGrantTable;
import xenolith.abi.io.BackRing;
import xenolith.abi.io.NetifCtrl;
import xenolith.abi.io.NetifCtrl.Request;
import xenolith.abi.io.NetifCtrl.Response;
import xenolith.backend.BackendThread;
import xenolith.backend.PatientGrants;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// The control ring of a connected interface, on which its frontend says how frames are dealt to its queues
/// (`xen/io/netif.h`, "Control ring"). Pages that stay granted are not supported.
final class ControlRing {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final BackRing ring;
    private final EventPort port;
    private final GrantAccess grants;
    private final NetHash hash;
    private final int queueCount;
    private final Consumer<String> onFault;
    private final BackendThread thread;
    private final MemorySegment request = Arena.ofAuto().allocate(Request.SIZEOF, Long.BYTES);
    private final MemorySegment response = Arena.ofAuto().allocate(Response.SIZEOF, Long.BYTES);
    private final MemorySegment buffer = Arena.ofAuto().allocate(NetHash.MAX_MAPPING * Integer.BYTES, Long.BYTES);
    private boolean broken;

    /// @param grants its own, which [#close] closes, as it does the port
    ControlRing(String name, BackRing ring, EventPort port, GrantAccess grants, NetHash hash, int queueCount,
            Consumer<String> onFault) {
        this.ring = ring;
        this.port = port;
        this.grants = grants;
        this.hash = hash;
        this.queueCount = queueCount;
        this.onFault = onFault;
        this.thread = new BackendThread(name, this::round, () -> false);
    }

    void start() {
        port.onNotification(thread::wake);
        thread.start();
    }

    void close() {
        thread.stopAndWait(PATIENCE, () -> { });
        port.close();
        grants.close();
    }

    private boolean round() {
        if (broken) {
            return false;
        }
        int waiting = ring.waiting();
        for (int i = 0; i < waiting; i++) {
            ring.take(request, 0);
            answer();
        }
        if (ring.push()) {
            port.notifyGuest();
        }
        int more = waiting < 0 ? waiting : ring.finalCheck();
        if (more < 0) {
            broken = true;
            onFault.accept("the indices of the control ring cannot be true");
        }
        return more > 0;
    }

    private void answer() {
        int type = Request.type(request, 0);
        Response.id(response, 0, Request.id(request, 0));
        Response.type(response, 0, type);
        Response.data(response, 0, 0);
        Response.status(response, 0, act(type, Request.data(request, 0, 0), Request.data(request, 0, 1),
                Request.data(request, 0, 2)));
        ring.put(response, 0);
    }

    private int act(int type, int first, int second, int third) {
        return switch (type) {
            case NetifCtrl.XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM -> hash.setAlgorithm(first);
            case NetifCtrl.XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS -> {
                if (!hash.hasAlgorithm()) {
                    yield XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
                }
                Response.data(response, 0, NetHash.TYPES);
                yield XEN_NETIF_CTRL_STATUS_SUCCESS;
            }
            case NetifCtrl.XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS -> hash.setTypes(first);
            case NetifCtrl.XEN_NETIF_CTRL_TYPE_SET_HASH_KEY -> key(first, second);
            case NetifCtrl.XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE -> {
                Response.data(response, 0, NetHash.MAX_MAPPING);
                yield XEN_NETIF_CTRL_STATUS_SUCCESS;
            }
            case NetifCtrl.XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE -> hash.setMappingSize(first);
            case NetifCtrl.XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING -> mapping(first, second, third);
            default -> XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
        };
    }

    private int key(int ref, int byteLength) {
        if (Integer.compareUnsigned(byteLength, NetHash.MAX_KEY_BYTES) > 0) {
            return XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
        }
        return copy(ref, byteLength) ? hash.setKey(buffer.asSlice(0, byteLength).toArray(ValueLayout.JAVA_BYTE))
                : XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
    }

    private int mapping(int ref, int count, int offset) {
        int status = hash.checkMapping(count, offset);
        if (status != XEN_NETIF_CTRL_STATUS_SUCCESS) {
            return status;
        }
        int byteLength = count * Integer.BYTES;
        return copy(ref, byteLength)
                ? hash.setMapping(buffer.asSlice(0, byteLength).toArray(ValueLayout.JAVA_INT), offset, queueCount)
                : XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
    }

    private boolean copy(int ref, int byteLength) {
        return byteLength == 0
                || PatientGrants.copyFrom(grants, ref, 0, buffer, 0, byteLength) == XenGrantTable.GNTST_OKAY;
    }
}
