package xenolith.tool.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import xenolith.backend.image.BadImageException;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.DiskInUseException;
import xenolith.backend.image.ExtentsImage;
import xenolith.backend.image.LargeSectors;
import xenolith.backend.image.OverlayImage;
import xenolith.backend.image.RawImage;
import xenolith.backend.image.WithoutDiscard;
import xenolith.backend.image.qcow2.Qcow2Image;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.tool.input.BadInputException;

/// Opens what disks are configured to have.
public final class DiskImages {
    private DiskImages() {
    }

    /// @throws BadInputException with what is wrong, if it cannot be opened so, or is empty
    public static DiskImage open(DiskConfig config) {
        DiskImage image;
        try {
            image = config.options().isOverlaid() ? overlaid(config) : file(config, config.readOnly());
        } catch (HostException e) {
            throw new BadInputException("the disk image cannot be opened: " + e.getMessage(), e);
        } catch (DiskInUseException | BadImageException e) {
            throw new BadInputException("the disk image " + e.getMessage(), e);
        }
        image = sized(image, config);
        if (image.sectorCount() == 0) {
            image.close();
            throw new BadInputException("the disk image " + config.path() + " is empty");
        }
        return config.options().discard() ? image : new WithoutDiscard(image);
    }

    private static DiskImage sized(DiskImage image, DiskConfig config) {
        int wanted = config.options().sectorBytes();
        if (wanted != 0 && wanted < image.logicalSectorBytes()) {
            image.close();
            throw new BadInputException("the disk image " + config.path() + " has sectors of "
                    + image.logicalSectorBytes() + " bytes, which sector=" + wanted + " cannot make smaller");
        }
        return wanted == 0 ? image : LargeSectors.of(image, wanted);
    }

    private static DiskImage file(DiskConfig config, boolean readOnly) {
        return switch (config.format()) {
            case RAW -> config.options().direct() ? direct(config.path(), readOnly) : RawImage.open(config.path(), readOnly);
            case QCOW2 -> Qcow2Image.open(config.path(), readOnly, config.options().backing());
            case EXTENTS -> ExtentsImage.open(config.path(), readOnly);
        };
    }

    /// Where the image lies on what has no direct I/O, as on a file system in memory, the page cache serves as well.
    private static DiskImage direct(Path path, boolean readOnly) {
        try {
            return RawImage.openDirect(path, readOnly);
        } catch (HostException e) {
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            System.err.println("xenolith: warning: " + path + " cannot be used past the host's page cache here; going on with it");
            return RawImage.open(path, readOnly);
        }
    }

    private static DiskImage overlaid(DiskConfig config) {
        Path overlay = config.options().overlay();
        if (overlay == null) {
            DiskImage base = file(config, true);
            try {
                return new OverlayImage(base, scratchFolder());
            } catch (RuntimeException e) {
                base.close();
                throw e;
            }
        }
        if (config.format() == DiskFormat.EXTENTS) {
            throw new BadInputException("an overlay that is kept (cow=" + overlay + ") lies over raw or qcow2 only");
        }
        if (!Files.exists(overlay)) {
            make(overlay, config);
        } else if (!Qcow2Image.isOver(overlay, config.path())) {
            throw new BadInputException("the overlay " + overlay + " is there, but is no qcow2 image over "
                    + config.path());
        }
        return Qcow2Image.open(overlay, false, true);
    }

    private static void make(Path overlay, DiskConfig config) {
        try (DiskImage base = file(config, true)) {
            Qcow2Image.create(overlay, base.sectorCount() * DiskImage.SECTOR_BYTES, config.path().toRealPath(),
                    config.format().word());
        } catch (IOException e) {
            throw new BadInputException("the overlay " + overlay + " cannot be made: " + e.getMessage(), e);
        }
    }

    /// Where there is room, and not memory as often in `/tmp`.
    private static Path scratchFolder() {
        String caches = System.getenv("XDG_CACHE_HOME");
        Path folder = (caches != null && !caches.isEmpty() ? Path.of(caches) : Path.of(System.getProperty("user.home"), ".cache"))
                .resolve("xenolith");
        try {
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw new BadInputException("there is no folder " + folder + " for a disk's overlay: " + e.getMessage(), e);
        }
    }
}
