package xenolith.tool.disk;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import xenolith.backend.DeviceDriver;
import xenolith.backend.DeviceId;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.image.BadImageException;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.DiskInUseException;
import xenolith.backend.image.DiskSizeException;
import xenolith.backend.image.ExchangeableImage;
import xenolith.backend.image.ExtentTable;
import xenolith.backend.image.ExtentsImage;
import xenolith.backend.image.WithoutDiscard;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.tool.device.BackendPlace;
import xenolith.tool.device.HostedDevice;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.ControlException;
import xenolith.tool.input.InputFiles;

/// A disk of a running domain, over an image that it has to itself.
final class Disk implements HostedDevice {
    private final DeviceId id;
    private final ExchangeableImage image;
    private final BlkBackend driver;
    /// Changes with the image.
    private volatile DiskConfig config;

    Disk(DiskConfig config, DeviceId id, ExchangeableImage image, BlkBackend driver) {
        this.config = config;
        this.id = id;
        this.image = image;
        this.driver = driver;
    }

    @Override
    public String name() {
        return config.name();
    }

    @Override
    public DeviceId id() {
        return id;
    }

    @Override
    public Map<String, String> frontendNodes() {
        return frontendNodes(config);
    }

    static Map<String, String> frontendNodes(DiskConfig config) {
        return Map.of("virtual-device", Long.toString(config.number()), "device-type", "disk");
    }

    @Override
    public Map<String, String> backendNodes() {
        return backendNodes(config, (config.format() == DiskFormat.QCOW2 ? "qcow2:" : "aio:") + config.path().toAbsolutePath());
    }

    /// As xl writes them.
    static Map<String, String> backendNodes(DiskConfig config, String params) {
        Map<String, String> nodes = new LinkedHashMap<>();
        nodes.put("params", params);
        nodes.put("type", "qdisk");
        nodes.put("dev", config.name());
        nodes.put("mode", config.readOnly() ? "r" : "w");
        nodes.put("device-type", "disk");
        nodes.put("removable", "0");
        nodes.put("bootable", "1");
        nodes.put("discard-enable", config.readOnly() || !config.options().discard() ? "0" : "1");
        return nodes;
    }

    @Override
    public DeviceDriver driver() {
        return driver;
    }

    @Override
    public Map<String, Object> description() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("path", config.path().toAbsolutePath().toString());
        fields.put("format", config.format().word());
        fields.put("mode", config.readOnly() ? "r" : "w");
        fields.put("sectors", image.sectorCount());
        config.options().limit().putInto(fields);
        return fields;
    }

    /// `size`: looks at the size of the image again, `size=SIZE`: makes it so large. `table=FILE`: a disk of extents goes by
    /// another table. `path=FILE`, with what else is said of a disk: another image takes the place of this one. `iops=N`,
    /// `bps=N`: it may do so much from now on, or as much as it can (`none`).
    @Override
    public Map<String, String> change(Map<String, String> wanted, Path directory) {
        if (wanted.keySet().equals(Set.of("table"))) {
            replaceTable(directory.resolve(InputFiles.path(wanted.get("table"))));
            return Map.of();
        }
        if (wanted.containsKey("path")) {
            return exchange(wanted, directory);
        }
        if (!wanted.isEmpty() && Set.of(DiskLimit.IOPS, DiskLimit.BPS).containsAll(wanted.keySet())) {
            changeLimit(config.options().limit().changed(wanted));
            return Map.of();
        }
        if (!wanted.keySet().equals(Set.of("size"))) {
            throw new BadInputException("what can be changed of a disk is: size, size=SIZE, table=FILE, path=FILE, iops=N, "
                    + "bps=N");
        }
        resize(wanted.get("size"));
        return Map.of();
    }

    private void resize(String size) {
        try {
            if (size.isEmpty()) {
                image.measure();
            } else {
                image.grow(DiskSize.parse(size));
            }
        } catch (HostException e) {
            throw new ControlException("the disk image cannot be measured or resized: " + e.getMessage(), e);
        } catch (DiskSizeException e) {
            throw new BadInputException(config.name() + " cannot have that size: " + e.getMessage(), e);
        }
    }

    private void changeLimit(DiskLimit limit) {
        limit.applyTo(driver.limit());
        config = config.withLimit(limit);
    }

    private Map<String, String> exchange(Map<String, String> wanted, Path directory) {
        StringBuilder words = new StringBuilder("dev=" + config.name() + (config.readOnly() ? ",access=ro" : ""));
        wanted.forEach((word, value) -> {
            if (!word.equals("path")) {
                words.append(',').append(word).append(value.isEmpty() ? "" : "=" + value);
            }
        });
        // The last, for its name may have commas.
        words.append(",target=").append(wanted.get("path"));
        DiskConfig next = DiskConfig.parse(words.toString(), directory);
        if (!(next.place() instanceof BackendPlace.Here) || next.number() != config.number()) {
            throw new BadInputException("a disk's name and its process stay while its image is exchanged");
        }
        DiskImage fresh = DiskImages.open(next);
        int flushed;
        try {
            flushed = image.exchange(fresh);
        } catch (IllegalArgumentException e) {
            fresh.close();
            throw new BadInputException("the image cannot take that one's place: " + e.getMessage(), e);
        }
        config = next.withLimit(config.options().limit());
        if (wanted.containsKey(DiskLimit.IOPS) || wanted.containsKey(DiskLimit.BPS)) {
            changeLimit(config.options().limit().changed(wanted));
        }
        if (flushed < 0) {
            throw new ControlException("the image is exchanged, but the old one could not be stored: "
                    + Errno.name(-flushed));
        }
        return Map.of("params", backendNodes().get("params"));
    }

    private void replaceTable(Path table) {
        if (!(extents() instanceof ExtentsImage disk)) {
            throw new BadInputException(config.name() + " is no disk of extents, which has a table");
        }
        try {
            disk.replace(ExtentTable.read(table));
        } catch (BadImageException | DiskInUseException e) {
            throw new BadInputException("the table " + e.getMessage(), e);
        }
    }

    private DiskImage extents() {
        return image.image() instanceof WithoutDiscard(DiskImage inner) ? inner : image.image();
    }

    @Override
    public void close() {
        image.close();
    }
}
