package xenolith.tool.disk;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import xenolith.tool.input.BadInputException;

/// Reads sizes of disks as `qemu-img` does: `20G`, `512M`; a bare number is bytes.
final class DiskSize {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})([KMGT]?)");
    private static final int BITS_OF_EACH_UNIT = 10;
    private static final String UNITS = "KMGT";

    private DiskSize() {
    }

    /// Bytes.
    static long parse(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw notASize(text);
        }
        long number = Long.parseLong(matcher.group(1));
        int shift = matcher.group(2).isEmpty() ? 0 : BITS_OF_EACH_UNIT * (1 + UNITS.indexOf(matcher.group(2)));
        if (number > Long.MAX_VALUE >> shift) {
            throw notASize(text);
        }
        return number << shift;
    }

    private static BadInputException notASize(String text) {
        return new BadInputException("'" + text + "' is not a size of a disk; write 20G or 512M");
    }
}
