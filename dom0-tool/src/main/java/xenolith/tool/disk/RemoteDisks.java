package xenolith.tool.disk;

import java.nio.file.Path;
import xenolith.backend.DeviceId;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.remote.BackendSource;
import xenolith.backend.remote.BackendSource.UnreachableException;
import xenolith.backend.remote.Patience;
import xenolith.backend.remote.RemoteDriver;
import xenolith.tool.device.BackendPlace;
import xenolith.tool.device.HostedDevice;
import xenolith.tool.device.ListeningBackend;
import xenolith.tool.device.OwnCommand;
import xenolith.tool.device.SpawnedBackend;
import xenolith.tool.input.BadInputException;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.SharedMemory;

/// Opens the disks of a domain that other processes serve.
public final class RemoteDisks {
    private final DeviceAccess domain;
    private final SharedMemory memory;
    private final Path directory;

    /// @param directory for the sockets of processes that we start; nobody else may look into it
    public RemoteDisks(DeviceAccess domain, SharedMemory memory, Path directory) {
        this.domain = domain;
        this.memory = memory;
        this.directory = directory;
    }

    /// Waits until its process serves.
    ///
    /// @throws BadInputException if there is none
    HostedDevice open(DiskConfig config, DeviceId id, int queues) {
        String name = "blk-" + id.domid() + '-' + config.name();
        BackendSource source = switch (config.place()) {
            case BackendPlace.Listening(Path socket) -> new ListeningBackend(socket);
            case BackendPlace.OwnProcess _ -> new SpawnedBackend(directory.resolve(name + ".sock"),
                    OwnCommand.of(OwnCommand.BACKEND, "--once", "--disk", config.words()));
            case BackendPlace.Here _ -> throw new IllegalArgumentException(name + " is served here");
        };
        RemoteDriver driver = new RemoteDriver(name, id.kind(), source, domain, memory, queues,
                (access, rings, maxQueues, _) -> new BlkBackend(name, new LostImage(), access, maxQueues, rings),
                Patience.DEFAULT);
        try {
            driver.start();
        } catch (UnreachableException e) {
            throw new BadInputException("no process serves the disk " + config.name() + ": " + e.getMessage(), e);
        }
        return new RemoteDisk(config, id, driver);
    }
}
