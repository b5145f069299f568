package xenolith.tool.disk;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import xenolith.tool.input.BadInputException;

/// Names of virtual disks and their numbers, by Xen's docs/man/xen-vbd-interface.
final class DiskName {
    private static final Pattern NAME = Pattern.compile("(xvd|sd|hd)([a-z]{1,2})([0-9]{0,3})");
    /// `d0`, `d1p2`: a disk and a partition, both counted.
    private static final Pattern COUNTED = Pattern.compile("d([0-9]{1,3})(?:p([0-9]{1,3}))?");
    /// The number itself, in decimal, hexadecimal or octal digits.
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,12}|0[xX][0-9a-fA-F]{1,8}");
    private static final int XVD_MAJOR = 202;
    private static final int SD_MAJOR = 8;
    private static final int[] HD_MAJORS = {3, 22};
    /// With this bit the number is `disk << 8 | partition`: there is room for more of both.
    private static final long EXTENDED = 1L << 28;
    private static final int FEW = 16;
    private static final int HD_PARTITIONS = 64;
    private static final int MANY_PARTITIONS = 256;
    private static final int LETTERS = 26;
    /// `a` to `zz`.
    private static final int MAX_DISKS = LETTERS + LETTERS * LETTERS;

    private DiskName() {
    }

    /// The name by which we and the guest know the disk: `xvdb2` also of `d1p2` and of `51730`.
    ///
    /// @throws BadInputException if it is none
    static String of(String text) {
        Matcher counted = COUNTED.matcher(text);
        String name = text;
        if (counted.matches()) {
            String partition = counted.group(2) == null ? "0" : counted.group(2);
            name = named("xvd", Integer.parseInt(counted.group(1)), Integer.parseInt(partition));
        } else if (NUMBER.matcher(text).matches()) {
            name = ofNumber(text);
        }
        if (name == null || find(name) < 0) {
            throw new BadInputException("'" + text + "' is no name of a disk; an example: xvda");
        }
        return name;
    }

    /// The number of `xvda`, `xvdb1`, `sda`, `hdc`.
    static long number(String name) {
        long number = find(name);
        if (number < 0) {
            throw new BadInputException("'" + name + "' is no name of a disk; an example: xvda");
        }
        return number;
    }

    /// The number, or -1 if it is no name.
    private static long find(String name) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            return -1;
        }
        int disk = disk(matcher.group(2));
        int partition = matcher.group(3).isEmpty() ? 0 : Integer.parseInt(matcher.group(3));
        return switch (matcher.group(1)) {
            case "xvd" -> xvd(disk, partition);
            case "sd" -> disk < FEW && partition < FEW ? SD_MAJOR << 8 | disk << 4 | partition : -1;
            default -> disk < 2 * HD_MAJORS.length && partition < HD_PARTITIONS
                    ? HD_MAJORS[disk / 2] << 8 | (disk & 1) << 6 | partition : -1;
        };
    }

    private static long xvd(int disk, int partition) {
        if (partition >= MANY_PARTITIONS) {
            return -1;
        }
        return disk < FEW && partition < FEW ? XVD_MAJOR << 8 | disk << 4 | partition
                : EXTENDED | (long) disk << 8 | partition;
    }

    /// Null for a number that no name has: guests need not know it.
    private static String ofNumber(String text) {
        long number = number(text, text.startsWith("0") ? 8 : 10);
        int low = (int) (number & 0xff);
        String name = null;
        if (number >= EXTENDED) {
            name = number < 2 * EXTENDED ? named("xvd", (int) (number - EXTENDED >> 8), low) : null;
        } else if (number >> 8 == XVD_MAJOR || number >> 8 == SD_MAJOR) {
            name = named(number >> 8 == XVD_MAJOR ? "xvd" : "sd", low >> 4, low & 0xf);
        } else if (number >> 8 == HD_MAJORS[0] || number >> 8 == HD_MAJORS[1]) {
            name = named("hd", (number >> 8 == HD_MAJORS[0] ? 0 : 2) + (low >> 6), low & (HD_PARTITIONS - 1));
        }
        return name != null && find(name) == number ? name : null;
    }

    private static long number(String digits, int radix) {
        boolean isHex = digits.startsWith("0x") || digits.startsWith("0X");
        try {
            return isHex ? Long.parseLong(digits.substring(2), 16) : Long.parseLong(digits, radix);
        } catch (NumberFormatException _) {
            // 09 is no octal number.
            return -1;
        }
    }

    private static String named(String kind, int disk, int partition) {
        if (disk >= MAX_DISKS) {
            return null;
        }
        String last = String.valueOf((char) ('a' + disk % LETTERS));
        String letters = disk < LETTERS ? last : (char) ('a' + disk / LETTERS - 1) + last;
        return kind + letters + (partition == 0 ? "" : partition);
    }

    /// `a` is 0, `z` is 25, `aa` is 26.
    private static int disk(String letters) {
        int disk = 0;
        for (char letter : letters.toCharArray()) {
            disk = disk * LETTERS + letter - 'a' + 1;
        }
        return disk - 1;
    }
}
