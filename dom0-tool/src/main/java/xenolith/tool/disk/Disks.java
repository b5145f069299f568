package xenolith.tool.disk;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import xenolith.backend.DeviceCounters;
import xenolith.backend.DeviceId;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.image.ExchangeableImage;
import xenolith.tool.device.BackendPlace;
import xenolith.tool.device.DeviceKind;
import xenolith.tool.device.HostedDevice;
import xenolith.tool.input.BadInputException;
import xenolith.vmm.port.DeviceAccess;

/// The disks that a domain can have.
public final class Disks implements DeviceKind {
    public static final String NAME = "disk";
    /// More rings than that are no faster, each being a thread.
    private static final int MAX_QUEUES = 4;

    private final DeviceAccess domain;
    private final int domid;
    private final int queues;
    private final RemoteDisks remote;
    private final Map<String, DeviceCounters> drivers = new ConcurrentHashMap<>();

    /// @param remote opens the disks that other processes serve
    public Disks(DeviceAccess domain, int domid, int vcpuCount, RemoteDisks remote) {
        this.remote = remote;
        this.domain = domain;
        this.domid = domid;
        this.queues = Math.min(vcpuCount, MAX_QUEUES);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public HostedDevice open(String text, Path directory, Taken taken) {
        DiskConfig config = DiskConfig.parse(text, directory);
        if (taken.numbers().contains(config.number())) {
            throw new BadInputException("there is a disk " + config.name() + " already");
        }
        return open(config);
    }

    /// Opens the image.
    ///
    /// @throws BadInputException if it cannot be opened, or is empty
    public HostedDevice open(DiskConfig config) {
        HostedDevice disk = opened(config);
        drivers.put(config.name(), disk.driver());
        return disk;
    }

    private HostedDevice opened(DiskConfig config) {
        if (!(config.place() instanceof BackendPlace.Here)) {
            return remote.open(config, new DeviceId(domid, "vbd", config.number()), queues);
        }
        ExchangeableImage image = new ExchangeableImage(DiskImages.open(config));
        BlkBackend driver = new BlkBackend("blk-" + domid + '-' + config.name(), image, domain, queues);
        config.options().limit().applyTo(driver.limit());
        return new Disk(config, new DeviceId(domid, "vbd", config.number()), image, driver);
    }

    /// What each disk has done, by name; of several of the same name, the last one.
    public Map<String, Map<String, Long>> counters() {
        Map<String, Map<String, Long>> counters = new TreeMap<>();
        drivers.forEach((name, driver) -> counters.put(name, driver.counters()));
        return counters;
    }
}
