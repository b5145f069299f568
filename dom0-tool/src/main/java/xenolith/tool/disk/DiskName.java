package xenolith.tool.disk;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import xenolith.tool.input.BadInputException;

/// Names of virtual disks and their numbers, by Xen's docs/man/xen-vbd-interface.
final class DiskName {
    private static final Pattern NAME = Pattern.compile("(xvd|sd|hd)([a-z]{1,2})([0-9]{0,3})");
    private static final int XVD_MAJOR = 202;
    private static final int SD_MAJOR = 8;
    private static final int[] HD_MAJORS = {3, 22};
    /// With this bit the number is `disk << 8 | partition`: there is room for more of both.
    private static final long EXTENDED = 1L << 28;
    private static final int FEW = 16;
    private static final int MANY_PARTITIONS = 256;

    private DiskName() {
    }

    /// The number of `xvda`, `xvdb1`, `sda`, `hdc`.
    static long number(String name) {
        Matcher matcher = NAME.matcher(name);
        if (matcher.matches()) {
            int disk = disk(matcher.group(2));
            int partition = matcher.group(3).isEmpty() ? 0 : Integer.parseInt(matcher.group(3));
            long number = switch (matcher.group(1)) {
                case "xvd" -> xvd(disk, partition);
                case "sd" -> disk < FEW && partition < FEW ? SD_MAJOR << 8 | disk << 4 | partition : -1;
                default -> disk < 2 * HD_MAJORS.length && partition < 64
                        ? HD_MAJORS[disk / 2] << 8 | (disk & 1) << 6 | partition : -1;
            };
            if (number >= 0) {
                return number;
            }
        }
        throw new BadInputException("'" + name + "' is no name of a disk; an example: xvda");
    }

    private static long xvd(int disk, int partition) {
        if (partition >= MANY_PARTITIONS) {
            return -1;
        }
        return disk < FEW && partition < FEW ? XVD_MAJOR << 8 | disk << 4 | partition
                : EXTENDED | (long) disk << 8 | partition;
    }

    /// `a` is 0, `z` is 25, `aa` is 26.
    private static int disk(String letters) {
        int disk = 0;
        for (char letter : letters.toCharArray()) {
            disk = disk * 26 + letter - 'a' + 1;
        }
        return disk - 1;
    }
}
