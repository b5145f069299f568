package xenolith.tool.input;

/// Reads sizes of memory as people write them: `512M`, `2G`, `524288K`; a bare number is mebibytes.
public final class MemorySize {
    /// The least that a domain can have, in bytes.
    public static final long MIN_OF_DOMAIN = 32L << 20;
    /// The most.
    public static final long MAX_OF_DOMAIN = 256L << 30;
    private static final long KIB = 1024;
    private static final long MIB = KIB * KIB;
    private static final long GIB = KIB * MIB;
    private static final int MAX_DIGITS = 12;

    private MemorySize() {
    }

    /// Bytes. Throws [BadInputException] for what is not a size; whether a domain may have so much is not asked here.
    public static long parse(String text) {
        int digits = countDigits(text);
        if (digits == 0 || digits > MAX_DIGITS) {
            throw notASize(text);
        }
        long unit = unit(text.substring(digits), text);
        return Math.multiplyExact(Long.parseLong(text.substring(0, digits)), unit);
    }

    /// The largest unit that is exact: 536870912 is `512M`.
    public static String format(long byteSize) {
        if (byteSize != 0 && byteSize % GIB == 0) {
            return byteSize / GIB + "G";
        }
        return byteSize % MIB == 0 ? byteSize / MIB + "M" : byteSize / KIB + "K";
    }

    private static int countDigits(String text) {
        int count = 0;
        while (count < text.length() && text.charAt(count) >= '0' && text.charAt(count) <= '9') {
            count++;
        }
        return count;
    }

    // 10^12 GiB is 2^70: only the largest unit could overflow, and its digits are few enough when the size is sane.
    private static long unit(String suffix, String text) {
        long unit = switch (suffix) {
            case "", "M", "m", "MiB" -> MIB;
            case "G", "g", "GiB" -> GIB;
            case "K", "k", "KiB" -> KIB;
            default -> throw notASize(text);
        };
        if (unit == GIB && text.length() > "999999G".length()) {
            throw notASize(text);
        }
        return unit;
    }

    private static BadInputException notASize(String text) {
        return new BadInputException("'" + text + "' is not a size of memory; write 512M or 2G");
    }
}
