package xenolith.tool.control;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import xenolith.backend.DeviceCounters;
import xenolith.backend.DeviceId;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.image.ExchangeableImage;
import xenolith.vmm.port.DeviceAccess;

/// The disks that a domain can have.
final class Disks implements DeviceKind {
    static final String NAME = "disk";
    /// More rings than that are no faster, each being a thread.
    private static final int MAX_QUEUES = 4;

    private final DeviceAccess domain;
    private final int domid;
    private final int queues;
    private final RemoteDisks remote;
    private final Map<String, DeviceCounters> drivers = new ConcurrentHashMap<>();

    /// @param remote opens the disks that other processes serve
    Disks(DeviceAccess domain, int domid, int vcpuCount, RemoteDisks remote) {
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
    public HostedDevice open(String text, Path directory, Set<Long> taken) {
        DiskConfig config = DiskConfig.parse(text, directory);
        if (taken.contains(config.number())) {
            throw new BadInputException("there is a disk " + config.name() + " already");
        }
        return open(config);
    }

    /// Opens the image.
    ///
    /// @throws BadInputException if it cannot be opened, or is empty
    HostedDevice open(DiskConfig config) {
        HostedDevice disk = opened(config);
        drivers.put(config.name(), disk.driver());
        return disk;
    }

    private HostedDevice opened(DiskConfig config) {
        if (!(config.place() instanceof DiskPlace.Here)) {
            return remote.open(config, new DeviceId(domid, "vbd", config.number()), queues);
        }
        ExchangeableImage image = new ExchangeableImage(DiskImages.open(config));
        BlkBackend driver = new BlkBackend("blk-" + domid + '-' + config.name(), image, domain, queues);
        config.options().limit().limit(driver.limit());
        return new Disk(config, new DeviceId(domid, "vbd", config.number()), image, driver);
    }

    /// What each disk has done, by name; of several of the same name, the last one.
    Map<String, Map<String, Long>> counters() {
        Map<String, Map<String, Long>> counters = new TreeMap<>();
        drivers.forEach((name, driver) -> counters.put(name, driver.counters()));
        return counters;
    }
}
