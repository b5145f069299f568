package xenolith.backend.image.qcow2;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Set;
import xenolith.backend.image.BadImageException;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.RawImage;
import xenolith.posix.HostException;

/// The files of an image while they are opened: each names the one behind it.
///
/// A file without a format is taken for raw, unless it looks like qcow2: what stands in a raw disk is up to a guest, which
/// could make it look so and name any file of the host.
final class BackingChain {
    private static final int MAX_FILES = 32;

    private final boolean allowed;
    private final Set<Object> seen = new HashSet<>();

    BackingChain(boolean allowed) {
        this.allowed = allowed;
    }

    Qcow2Image open(Path path, boolean readOnly) {
        enter(path, path);
        return Qcow2Image.open(path, FileStorage.open(path, readOnly), readOnly, this);
    }

    private void enter(Path path, Path by) {
        Object identity;
        try {
            identity = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            throw new BadImageException(path, "cannot be opened: " + e.getMessage());
        }
        if (!seen.add(identity)) {
            throw new BadImageException(by, "has a backing file, " + path + ", that leads back to itself");
        }
        if (seen.size() > MAX_FILES) {
            throw new BadImageException(path, "is the end of a chain of more than " + MAX_FILES + " backing files");
        }
    }

    /// Opens what an image names as its backing file; null if it names none.
    DiskImage backing(Path image, Header header) {
        if (header.backingFile() == null) {
            return null;
        }
        String name = HeaderReader.printable(header.backingFile());
        if (!allowed) {
            throw new BadImageException(image, "has a backing file, " + name + ", which is not allowed here");
        }
        Path path = resolve(image, header.backingFile());
        if (!Files.exists(path)) {
            throw new BadImageException(image, "has the backing file " + name + ", which is not there");
        }
        String format = format(image, name, path, header.backingFormat());
        enter(path, image);
        return format.equals("qcow2") ? Qcow2Image.open(path, FileStorage.open(path, true), true, this) : raw(path);
    }

    private static Path resolve(Path image, String name) {
        String file = name.startsWith("file:") ? name.substring("file:".length()) : name;
        if (file.matches("[A-Za-z0-9+.-]+:.*")) {
            throw new BadImageException(image, "has a backing file that is no file of this host: "
                    + HeaderReader.printable(name));
        }
        try {
            return image.toAbsolutePath().getParent().resolve(file);
        } catch (InvalidPathException e) {
            throw new BadImageException(image, "has a backing file whose name is none: " + HeaderReader.printable(name));
        }
    }

    private static String format(Path image, String name, Path path, String format) {
        if (format == null) {
            if (Qcow2Image.isRecognised(path)) {
                throw new BadImageException(image, "does not say that its backing file " + name
                        + " is qcow2, as which it begins; to say it: qemu-img rebase -u -F qcow2 -b FILE IMAGE");
            }
            return "raw";
        }
        if (!format.equals("raw") && !format.equals("qcow2")) {
            throw new BadImageException(image, "has a backing file of the format " + HeaderReader.printable(format)
                    + "; raw and qcow2 are supported");
        }
        return format;
    }

    private static DiskImage raw(Path path) {
        try {
            return RawImage.open(path, true);
        } catch (HostException e) {
            throw new BadImageException(path, "cannot be opened: " + e.getMessage());
        }
    }
}
