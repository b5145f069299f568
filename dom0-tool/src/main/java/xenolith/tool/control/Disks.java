package xenolith.tool.control;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import xenolith.backend.DeviceId;
import xenolith.backend.XenbusBackend;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.DiskInUseException;
import xenolith.backend.image.RawImage;
import xenolith.posix.HostException;
import xenolith.vmm.port.DeviceAccess;
import xenolith.xenstore.StoreClient;

/// The disks of a running domain. Closed after the domain has stopped and before its memory goes.
final class Disks implements AutoCloseable {
    /// More rings than that are no faster, each being a thread.
    private static final int MAX_QUEUES = 4;

    private final List<DiskImage> images = new ArrayList<>();
    private final List<XenbusBackend> backends = new ArrayList<>();

    private Disks() {
    }

    /// Opens the images and writes the nodes by which the guest finds its disks.
    ///
    /// @throws BadInputException if an image cannot be opened, or is empty
    static Disks attach(List<DiskConfig> configs, DeviceAccess domain, StoreClient store, int domid, int vcpuCount) {
        Disks disks = new Disks();
        try {
            for (DiskConfig config : configs) {
                disks.add(config, domain, store, domid, Math.min(vcpuCount, MAX_QUEUES));
            }
            return disks;
        } catch (RuntimeException e) {
            disks.close();
            throw e;
        }
    }

    private void add(DiskConfig config, DeviceAccess domain, StoreClient store, int domid, int queues) {
        DiskImage image = open(config);
        images.add(image);
        if (image.sectorCount() == 0) {
            throw new BadInputException("the disk image " + config.path() + " is empty");
        }
        DeviceId device = new DeviceId(domid, "vbd", config.number());
        device.create(store, frontend(config), backend(config));
        BlkBackend driver = new BlkBackend("blk-" + domid + '-' + config.name(), image, domain, queues);
        XenbusBackend backend = new XenbusBackend(store, device, driver);
        backends.add(backend);
        backend.start();
    }

    private static DiskImage open(DiskConfig config) {
        try {
            return RawImage.open(config.path(), config.readOnly());
        } catch (HostException e) {
            throw new BadInputException("the disk image cannot be opened: " + e.getMessage(), e);
        } catch (DiskInUseException e) {
            throw new BadInputException("the disk image " + e.getMessage(), e);
        }
    }

    private static Map<String, String> frontend(DiskConfig config) {
        return Map.of("virtual-device", Long.toString(config.number()), "device-type", "disk");
    }

    /// As xl writes them.
    private static Map<String, String> backend(DiskConfig config) {
        Map<String, String> nodes = new LinkedHashMap<>();
        nodes.put("params", "aio:" + config.path().toAbsolutePath());
        nodes.put("type", "qdisk");
        nodes.put("dev", config.name());
        nodes.put("mode", config.readOnly() ? "r" : "w");
        nodes.put("device-type", "disk");
        nodes.put("removable", "0");
        nodes.put("bootable", "1");
        nodes.put("discard-enable", config.readOnly() ? "0" : "1");
        return nodes;
    }

    /// When it returns no page of the guest's is touched any more.
    @Override
    public void close() {
        backends.forEach(XenbusBackend::close);
        backends.clear();
        images.forEach(DiskImage::close);
        images.clear();
    }
}
