package xenolith.tool.control;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import xenolith.backend.ThreadEnd;
import xenolith.backend.image.DiskScheduler;

/// A process that serves devices to the domains of others: one device at a socket, and all of them round-robin.
public final class BackendService {
    /// The command that runs one.
    public static final String NAME = "backend";
    private static final Logger LOG = System.getLogger(BackendService.class.getName());
    /// Requests that are with the host's storage at once; more of one disk only while no other waits.
    private static final int MOST = 4;
    private static final int BATCH = 8;

    private BackendService() {
    }

    /// Serves each disk to whoever connects to its socket, one after the other; does not return, or, if `once`, when the
    /// first of each has gone.
    ///
    /// @param sockets as many as there are disks, in their order
    /// @param disks   as for `xenolith run`
    public static void serveDisks(List<String> sockets, List<String> disks, boolean once) {
        if (sockets.size() != disks.size()) {
            throw new BadInputException("each --disk has a --socket of its own; here are " + disks.size() + " and "
                    + sockets.size());
        }
        DiskScheduler scheduler = new DiskScheduler(MOST, MOST, BATCH);
        List<DiskServer> servers = new ArrayList<>();
        try {
            for (int i = 0; i < disks.size(); i++) {
                servers.add(DiskServer.open(sockets.get(i), disks.get(i),
                        image -> disks.size() == 1 ? image : scheduler.domain().over(image)));
            }
        } catch (RuntimeException e) {
            servers.forEach(DiskServer::close);
            throw e;
        }
        if (!serveAll(servers, once)) {
            throw new ControlException("a disk could not be served to the end");
        }
    }

    /// What goes wrong with one ends that one alone. Returns false if something did.
    private static boolean serveAll(List<DiskServer> servers, boolean once) {
        AtomicBoolean well = new AtomicBoolean(true);
        List<Thread> threads = servers.stream().map(server -> Thread.ofPlatform().name("serve " + server.name()).start(() -> {
            try (server) {
                server.serve(once);
            } catch (RuntimeException | Error e) {
                LOG.log(Level.ERROR, "the disk " + server.name() + " is served no more", e);
                well.set(false);
            }
        })).toList();
        threads.forEach(ThreadEnd::await);
        return well.get();
    }
}
