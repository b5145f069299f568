package xenolith.tool.control;

import java.nio.file.Path;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.SettledImage;
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
        if (config.options().isOverlaid() && config.options().overlay() == null) {
            throw new BadInputException("an overlay that is thrown away does not survive this process: cow needs a file");
        }
        Path path = InputFiles.path(socket);
        try (DiskImage image = settled(DiskImages.open(config), config);
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

    /// This process may be followed by another, which knows nothing but what is in the files.
    private static DiskImage settled(DiskImage image, DiskConfig config) {
        boolean keepsTables = config.format() == DiskFormat.QCOW2 || config.options().isOverlaid();
        return keepsTables && !image.isReadOnly() ? new SettledImage(image) : image;
    }
}
