package xenolith.tool.disk;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import xenolith.tool.device.BackendPlace;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.InputFiles;

/// A disk that a domain is to have: which file or block device, under which name, and what the guest may do.
///
/// @param path     holds the disk's sectors, or says where they are; null if a process of somebody else's has it
/// @param format   in which form; null likewise
/// @param name     what the guest calls it, as `xvda`
/// @param number   the same as a number, of Xen's docs/misc/vbd-interface
/// @param readOnly the guest may not write it
/// @param options  what else was said
public record DiskConfig(Path path, DiskFormat format, String name, long number, boolean readOnly, DiskOptions options) {
    /// The first bytes of a qcow2 image.
    private static final byte[] QCOW2_MAGIC = {'Q', 'F', 'I', (byte) 0xfb};
    private static final int S_IFMT = 0xf000;
    private static final int S_IFBLK = 0x6000;

    /// Reads `path=FILE,dev=xvda[,ro][,format=raw|qcow2|extents][,cow[=FILE]][,no-discard][,no-backing]
    /// [,direct][,sector=4096][,iops=500][,bps=20M][,backend=process]`, or xl's `FILE,raw,xvda,w`, or a mixture; xend's
    /// `phy:FILE,xvda,w`.
    ///
    /// @throws BadInputException if it makes no sense, or the file cannot be used so
    public static DiskConfig parse(String text) {
        return parse(text, Path.of(""));
    }

    /// As [#parse(String)], with files that are named without a slash in front below `directory`.
    static DiskConfig parse(String text, Path directory) {
        DiskWords words = new DiskWords(text);
        DiskFormat format = words.get("format").isEmpty() ? null : DiskFormat.named(words.get("format"));
        String name = DiskName.of(words.get("dev"));
        long number = DiskName.number(name);
        boolean readOnly = switch (words.get("access")) {
            case "r", "ro" -> true;
            case "w", "rw", "" -> false;
            default -> throw new BadInputException("a disk's access is ro or rw, not '" + words.get("access") + "'");
        };
        DiskOptions options = options(words, directory);
        if (options.isOverlaid() && readOnly) {
            throw new BadInputException("a disk that is read only needs no overlay (cow)");
        }
        if (options.place() instanceof BackendPlace.Listening) {
            words.allow("the process that serves a disk opens its file: say all but dev to that one", "dev", "backend");
            return new DiskConfig(null, null, name, number, false, options);
        }
        Path path = image(words.get("path"), directory, readOnly || options.isOverlaid());
        format = format != null ? format : rawUnlessQcow2(path);
        if (options.direct() && (format != DiskFormat.RAW || options.isOverlaid())) {
            throw new BadInputException("direct is for raw images without an overlay");
        }
        return new DiskConfig(path, format, name, number, readOnly, options);
    }

    private static DiskOptions options(DiskWords words, Path directory) {
        String cow = words.get("cow");
        if (words.has("cow") && cow.isEmpty()) {
            throw new BadInputException("cow= needs a file; cow alone is thrown away at the end");
        }
        Path overlay = cow.isEmpty() || cow.equals("cow") ? null : directory.resolve(InputFiles.path(cow));
        BackendPlace place = BackendPlace.parse(words.get("backend"), directory);
        if (words.has("cow") && overlay == null && place instanceof BackendPlace.OwnProcess) {
            throw new BadInputException("an overlay that is thrown away does not survive its process: no cow with"
                    + " backend=process");
        }
        return new DiskOptions(words.has("cow"), overlay, !words.get("discard").equals("no-discard"),
                !words.has("backing"), words.has("direct"), sectorBytes(words.get("sector")),
                new DiskLimit(words.get(DiskLimit.IOPS), words.get(DiskLimit.BPS)), place);
    }

    private static int sectorBytes(String text) {
        return switch (text) {
            case "" -> 0;
            case "512" -> 512;
            case "4096" -> 4096;
            default -> throw new BadInputException("a disk's sector has 512 or 4096 bytes, not '" + text + "'");
        };
    }

    /// The same with another limit.
    DiskConfig limited(DiskLimit limit) {
        return new DiskConfig(path, format, name, number, readOnly, options.limited(limit));
    }

    /// Where its backend runs.
    public BackendPlace place() {
        return options.place();
    }

    /// The words with which a process of its own is told to serve it.
    String words() {
        String overlay = options.overlay() == null ? "" : ",cow=" + options.overlay().toAbsolutePath();
        if (overlay.lastIndexOf(',') > 0) {
            throw new BadInputException("an overlay with a comma in its path is for disks that are served here");
        }
        return "format=" + format.word() + ",dev=" + name + (readOnly ? ",ro" : "")
                + overlay + (options.discard() ? "" : ",no-discard") + (options.backing() ? "" : ",no-backing")
                + (options.direct() ? ",direct" : "")
                + (options.sectorBytes() == 0 ? "" : ",sector=" + options.sectorBytes())
                + options.limit().words() + ",target=" + path.toAbsolutePath();
    }

    /// All disks of a domain, of which no two may have the same name.
    public static List<DiskConfig> parseAll(List<String> texts) {
        List<DiskConfig> disks = new ArrayList<>();
        for (String text : texts) {
            DiskConfig disk = parse(text);
            if (disks.stream().anyMatch(other -> other.number() == disk.number())) {
                throw new BadInputException("two disks are called " + disk.name());
            }
            disks.add(disk);
        }
        return List.copyOf(disks);
    }

    /// What a file is taken for is never up to what stands in it: a guest writes that. But who hands over a qcow2 image
    /// hardly means its bytes to be the disk's.
    private static DiskFormat rawUnlessQcow2(Path path) {
        try (InputStream bytes = Files.newInputStream(path)) {
            if (Arrays.equals(bytes.readNBytes(QCOW2_MAGIC.length), QCOW2_MAGIC)) {
                throw new BadInputException("the disk image " + path
                        + " begins as a qcow2 image does: say format=qcow2, or format=raw if a guest wrote that");
            }
            return DiskFormat.RAW;
        } catch (IOException e) {
            throw new BadInputException("the disk image " + path + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static Path image(String text, Path directory, boolean readOnly) {
        if (text.isEmpty()) {
            throw new BadInputException("a disk needs a file" + DiskWords.EXAMPLE);
        }
        Path path = directory.resolve(InputFiles.path(text));
        if (!Files.exists(path)) {
            throw new BadInputException("there is no disk image " + text);
        }
        if (Files.isDirectory(path)) {
            throw new BadInputException("the disk image " + text + " is a directory");
        }
        if (!Files.isRegularFile(path) && !isBlockDevice(path)) {
            throw new BadInputException("the disk image " + text + " is neither a file nor a block device");
        }
        if (!Files.isReadable(path) || !readOnly && !Files.isWritable(path)) {
            throw new BadInputException("no permission to " + (readOnly ? "read" : "write") + " the disk image " + text);
        }
        return path;
    }

    private static boolean isBlockDevice(Path path) {
        try {
            return ((int) Files.getAttribute(path, "unix:mode") & S_IFMT) == S_IFBLK;
        } catch (IOException e) {
            throw new BadInputException("the disk image " + path + " cannot be looked at: " + e.getMessage(), e);
        }
    }
}
