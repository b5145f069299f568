package xenolith.tool.control;

import java.nio.file.Path;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.image.DiskImage;
import xenolith.backend.remote.DeviceHost;
import xenolith.posix.HostException;

/// A process that serves a device to the domain of another.
public final class BackendService {
    /// The command that runs one.
    public static final String NAME = "backend";
    private static final long FIRST_MACHINE_NS = 60_000_000_000L;
    private static final long FOR_EVER = -1;

    private BackendService() {
    }

    /// Serves a disk to whoever connects to `socket`, one after the other; does not return, or, if `once`, when the first
    /// has gone.
    ///
    /// @param disk as for `xenolith run`
    public static void serveDisk(String socket, String disk, boolean once) {
        DiskConfig config = DiskConfig.parse(disk);
        if (!(config.place() instanceof DiskPlace.Here)) {
            throw new BadInputException("this is the process that serves the disk: it takes no backend=");
        }
        Path path = InputFiles.path(socket);
        try (DiskImage image = DiskImages.open(config);
                DeviceHost host = DeviceHost.listen(path, "vbd", (domain, rings, maxQueues) ->
                        new BlkBackend("blk-" + config.name(), image, domain, maxQueues, rings))) {
            if (once) {
                host.serveOne(FIRST_MACHINE_NS);
                return;
            }
            for (;;) {
                host.serveOne(FOR_EVER);
            }
        } catch (HostException | IllegalArgumentException e) {
            throw new BadInputException("cannot listen on " + socket + ": " + e.getMessage(), e);
        }
    }
}
