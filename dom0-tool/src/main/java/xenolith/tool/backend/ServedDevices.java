package xenolith.tool.backend;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.SettledImage;
import xenolith.backend.image.UnforgettingImage;
import xenolith.backend.net.FrameLink;
import xenolith.backend.net.NetBackend;
import xenolith.backend.net.NetWorker;
import xenolith.tool.device.BackendPlace;
import xenolith.tool.device.DeviceServer;
import xenolith.tool.disk.DiskConfig;
import xenolith.tool.disk.DiskFormat;
import xenolith.tool.disk.DiskImages;
import xenolith.tool.input.BadInputException;
import xenolith.tool.nic.MacAddress;
import xenolith.tool.nic.NicConfig;
import xenolith.tool.nic.NicFirewall;
import xenolith.tool.nic.NicLimit;
import xenolith.tool.nic.NicLinks;

/// Opens what a process of its own serves: the image of a disk, the attachment of a network interface.
final class ServedDevices {
    private ServedDevices() {
    }

    /// @param disk   as for `xenolith run`
    /// @param shared the same image, as it is used beside this process's others
    /// @throws BadInputException if it cannot be opened, or not listened for
    static DeviceServer disk(String socket, String disk, UnaryOperator<DiskImage> shared) {
        DiskConfig config = DiskConfig.parse(disk);
        refuseElsewhere(config.place());
        if (config.options().isOverlaid() && config.options().overlay() == null) {
            throw new BadInputException("an overlay that is thrown away does not survive this process: cow needs a file");
        }
        DiskImage image = shared.apply(settled(DiskImages.open(config), config));
        return DeviceServer.listen(socket, config.name(), "vbd", (domain, rings, maxQueues, loss) -> {
            DiskImage unforgetting = new UnforgettingImage(image, loss::isSet, loss::set);
            BlkBackend driver = new BlkBackend("blk-" + config.name(), unforgetting, domain, maxQueues, rings);
            config.options().limit().limit(driver.limit());
            return driver;
        }, image::close);
    }

    private static void refuseElsewhere(BackendPlace place) {
        if (!(place instanceof BackendPlace.Here)) {
            throw new BadInputException("this is the process that serves the device: it takes no backend=");
        }
    }

    /// This process may be followed by another, which knows nothing but what is in the files.
    private static DiskImage settled(DiskImage image, DiskConfig config) {
        boolean keepsTables = config.format() == DiskFormat.QCOW2 || config.options().isOverlaid();
        return keepsTables && !image.isReadOnly() ? new SettledImage(image) : image;
    }

    /// @param nic as for `xenolith run`
    /// @throws BadInputException if it cannot be attached, or not listened for
    static DeviceServer nic(String socket, String nic) {
        NicConfig config = NicConfig.parse(nic);
        refuseElsewhere(config.place());
        if (config.mac().isEmpty() && config.guarded()) {
            throw new BadInputException("a guest is held to its address, which is not known here: say mac=, as to the "
                    + "domain, or antispoof=off");
        }
        MacAddress mac = config.mac().orElseGet(() -> MacAddress.derived(nic, 0));
        NicFirewall firewall = NicFirewall.of(config, mac, Path.of(""));
        FrameLink link = NicLinks.open(config, "the interface").link();
        List<NetWorker> workers = new ArrayList<>();
        return DeviceServer.listen(socket, "an interface", "vif", (domain, rings, maxQueues, _) -> {
            // The last machine's have nothing to serve any more.
            end(workers);
            for (int i = 0; i < maxQueues; i++) {
                workers.add(new NetWorker("net-" + i, domain));
            }
            return new NetBackend(domain, link, firewall.filter(), new NicLimit(config.rate()).credit(), workers, rings);
        }, () -> {
            end(workers);
            link.close();
        });
    }

    private static void end(List<NetWorker> workers) {
        workers.forEach(NetWorker::close);
        workers.clear();
    }
}
