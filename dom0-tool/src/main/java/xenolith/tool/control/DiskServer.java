package xenolith.tool.control;

import java.nio.file.Path;
import java.util.function.UnaryOperator;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.SettledImage;
import xenolith.backend.remote.DeviceHost;
import xenolith.posix.HostException;

/// A disk that this process serves at a socket.
final class DiskServer implements AutoCloseable {
    private static final long FIRST_MACHINE_NS = 60_000_000_000L;
    private static final long FOR_EVER = -1;

    private final String name;
    private final DiskImage image;
    private final DeviceHost host;

    private DiskServer(String name, DiskImage image, DeviceHost host) {
        this.name = name;
        this.image = image;
        this.host = host;
    }

    /// Opens the image and listens.
    ///
    /// @param shared the same image, as it is used beside this process's others
    /// @throws BadInputException if one of both cannot be
    static DiskServer open(String socket, String disk, UnaryOperator<DiskImage> shared) {
        DiskConfig config = DiskConfig.parse(disk);
        if (!(config.place() instanceof DiskPlace.Here)) {
            throw new BadInputException("this is the process that serves the disk: it takes no backend=");
        }
        if (config.options().isOverlaid() && config.options().overlay() == null) {
            throw new BadInputException("an overlay that is thrown away does not survive this process: cow needs a file");
        }
        Path path = InputFiles.path(socket);
        DiskImage image = shared.apply(settled(DiskImages.open(config), config));
        try {
            DeviceHost host = DeviceHost.listen(path, "vbd", (domain, rings, maxQueues) ->
                    new BlkBackend("blk-" + config.name(), image, domain, maxQueues, rings));
            return new DiskServer(config.name() + " at " + socket, image, host);
        } catch (HostException | IllegalArgumentException e) {
            image.close();
            throw new BadInputException("cannot listen on " + socket + ": " + e.getMessage(), e);
        }
    }

    /// This process may be followed by another, which knows nothing but what is in the files.
    private static DiskImage settled(DiskImage image, DiskConfig config) {
        boolean keepsTables = config.format() == DiskFormat.QCOW2 || config.options().isOverlaid();
        return keepsTables && !image.isReadOnly() ? new SettledImage(image) : image;
    }

    String name() {
        return name;
    }

    void serve(boolean once) {
        if (once) {
            host.serveOne(FIRST_MACHINE_NS);
            return;
        }
        for (;;) {
            host.serveOne(FOR_EVER);
        }
    }

    @Override
    public void close() {
        try {
            host.close();
        } finally {
            image.close();
        }
    }
}
