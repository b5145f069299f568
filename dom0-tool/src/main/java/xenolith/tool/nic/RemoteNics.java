package xenolith.tool.nic;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import xenolith.backend.DeviceId;
import xenolith.backend.net.Credit;
import xenolith.backend.net.NetBackend;
import xenolith.backend.net.NetWorker;
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

/// Opens the network interfaces of a domain that other processes serve.
public final class RemoteNics {
    private final DeviceAccess domain;
    private final SharedMemory memory;
    private final Path directory;

    /// @param directory for the sockets of processes that we start; nobody else may look into it
    public RemoteNics(DeviceAccess domain, SharedMemory memory, Path directory) {
        this.domain = domain;
        this.memory = memory;
        this.directory = directory;
    }

    /// Waits until its process serves.
    ///
    /// @param workers who answer in its stead when it is gone for good
    /// @throws BadInputException if there is none
    HostedDevice open(NicConfig config, DeviceId id, MacAddress mac, int queues, Supplier<List<NetWorker>> workers) {
        String name = "net-" + id.domid() + "-vif" + id.number();
        BackendSource source = switch (config.place()) {
            case BackendPlace.Listening(Path socket) -> new ListeningBackend(socket);
            case BackendPlace.OwnProcess _ -> new SpawnedBackend(directory.resolve(name + ".sock"),
                    OwnCommand.of(OwnCommand.BACKEND, "--once", "--nic", words(config, mac)));
            case BackendPlace.Here _ -> throw new IllegalArgumentException(name + " is served here");
        };
        RemoteDriver driver = new RemoteDriver(name, id.kind(), source, domain, memory, queues,
                (access, rings, maxQueues, _) -> new NetBackend(access, new LostLink(), LostLink.FILTER,
                        Credit.unlimited(), workers.get(), rings),
                Patience.DEFAULT);
        try {
            driver.start();
        } catch (UnreachableException e) {
            throw new BadInputException("no process serves the interface vif" + id.number() + ": " + e.getMessage(), e);
        }
        return new RemoteNic(config, id, mac, driver);
    }

    /// With the address, which may be derived from the domain's name.
    private static String words(NicConfig config, MacAddress mac) {
        return config.mac().isPresent() ? config.words() : config.words() + ",mac=" + mac.text();
    }
}
