package xenolith.tool.device;

import java.io.UncheckedIOException;
import xenolith.backend.remote.DeviceHost;
import xenolith.backend.remote.DriverFactory;
import xenolith.posix.HostException;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.InputFiles;

/// A device that this process serves at a socket.
public final class DeviceServer implements AutoCloseable {
    private static final long FIRST_MACHINE_NS = 60_000_000_000L;
    private static final long FOR_EVER = -1;

    private final String name;
    private final DeviceHost host;
    private final Runnable atEnd;

    private DeviceServer(String name, DeviceHost host, Runnable atEnd) {
        this.name = name;
        this.host = host;
        this.atEnd = atEnd;
    }

    /// Listens. What was opened for it is closed by `atEnd`, also if it cannot listen.
    ///
    /// @param kind of the device, as in the store
    /// @throws BadInputException if it cannot
    public static DeviceServer listen(String socket, String name, String kind, DriverFactory factory, Runnable atEnd) {
        try {
            return new DeviceServer(name + " at " + socket, DeviceHost.listen(InputFiles.path(socket), kind, factory), atEnd);
        } catch (RuntimeException e) {
            atEnd.run();
            throw switch (e) {
                case UncheckedIOException io -> cannot(socket, InputFiles.reason(io.getCause()), io);
                case HostException host -> cannot(socket, host.getMessage(), host);
                case IllegalArgumentException path -> cannot(socket, path.getMessage(), path);
                default -> e;
            };
        }
    }

    private static BadInputException cannot(String socket, String reason, RuntimeException cause) {
        return new BadInputException("cannot listen on " + socket + ": " + reason, cause);
    }

    public String name() {
        return name;
    }

    /// Serves whoever connects, one after the other; does not return, or, if `once`, when the first has gone.
    public void serve(boolean once) {
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
            atEnd.run();
        }
    }
}
