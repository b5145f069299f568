package xenolith.tool.backend;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import xenolith.backend.ThreadEnd;
import xenolith.backend.image.DiskScheduler;
import xenolith.tool.device.DeviceServer;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.ControlException;

/// A process that serves devices to the domains of others: one device at a socket, and its disks in
/// turns.
public final class BackendService {
    private static final Logger LOG = System.getLogger(BackendService.class.getName());
    /// Requests that are with the host's storage at once; more of one disk only while no other waits.
    private static final int MOST = 4;
    private static final int BATCH = 8;

    private BackendService() {
    }

    /// Serves each device to whoever connects to its socket, one after the other; does not return, or, if `once`, when the
    /// first of each has gone.
    ///
    /// @param sockets as many as there are devices: those of the disks, in their order, and then those of the interfaces
    /// @param disks   as for `xenolith run`
    /// @param nics    likewise
    public static void serve(List<String> sockets, List<String> disks, List<String> nics, boolean once) {
        int count = disks.size() + nics.size();
        if (count == 0) {
            throw new BadInputException("there is nothing to serve: say --disk or --nic");
        }
        if (sockets.size() != count) {
            throw new BadInputException("each --disk and --nic has a --socket of its own; here are " + count + " and "
                    + sockets.size());
        }
        DiskScheduler scheduler = new DiskScheduler(MOST, MOST, BATCH);
        List<DeviceServer> servers = new ArrayList<>();
        try {
            for (int i = 0; i < disks.size(); i++) {
                servers.add(ServedDevices.disk(sockets.get(i), disks.get(i),
                        image -> disks.size() == 1 ? image : scheduler.over(image)));
            }
            for (int i = 0; i < nics.size(); i++) {
                servers.add(ServedDevices.nic(sockets.get(disks.size() + i), nics.get(i)));
            }
        } catch (RuntimeException e) {
            servers.forEach(DeviceServer::close);
            throw e;
        }
        if (!serveAll(servers, once)) {
            throw new ControlException("a device could not be served to the end");
        }
    }

    /// What goes wrong with one ends that one alone. Returns false if something did.
    private static boolean serveAll(List<DeviceServer> servers, boolean once) {
        AtomicBoolean well = new AtomicBoolean(true);
        List<Thread> threads = servers.stream().map(server -> Thread.ofPlatform().name("serve " + server.name()).start(() -> {
            try (server) {
                server.serve(once);
            } catch (RuntimeException | Error e) {
                LOG.log(Level.ERROR, server.name() + " is served no more", e);
                well.set(false);
            }
        })).toList();
        threads.forEach(ThreadEnd::await);
        return well.get();
    }
}
