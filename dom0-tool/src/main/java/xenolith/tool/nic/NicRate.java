package xenolith.tool.nic;

import java.math.BigInteger;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import xenolith.tool.input.BadInputException;

/// How much an interface may send, as docs/man/xl-network-configuration has it: `10Mb/s`, `1MB/s@20ms`.
///
/// @param bytesPerPeriod at least 1
/// @param periodUs       microseconds, at least 1
public record NicRate(long bytesPerPeriod, long periodUs) {
    private static final Pattern FORM =
            Pattern.compile("([0-9]{1,12})([GMK]?)([bB])/s(?:@([0-9]{1,9})(us|ms|s))?");
    private static final Map<String, Long> MULTIPLES =
            Map.of("", 1L, "K", 1_000L, "M", 1_000_000L, "G", 1_000_000_000L);
    private static final Map<String, Long> UNITS_US = Map.of("us", 1L, "ms", 1_000L, "s", 1_000_000L);
    private static final long DEFAULT_PERIOD_US = 50_000;
    private static final long US_PER_S = 1_000_000;
    private static final int BITS = 8;

    static NicRate parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new BadInputException("'" + text + "' is no rate; examples: 10Mb/s, 1MB/s@20ms");
        }
        long periodUs = matcher.group(4) == null ? DEFAULT_PERIOD_US
                : Long.parseLong(matcher.group(4)) * UNITS_US.get(matcher.group(5));
        BigInteger bytes = new BigInteger(matcher.group(1)).multiply(BigInteger.valueOf(MULTIPLES.get(matcher.group(2))))
                .multiply(BigInteger.valueOf(periodUs)).divide(BigInteger.valueOf(US_PER_S))
                .divide(BigInteger.valueOf(matcher.group(3).equals("b") ? BITS : 1));
        if (bytes.signum() == 0 || bytes.bitLength() >= Long.SIZE) {
            throw new BadInputException("the rate '" + text + "' lets " + (bytes.signum() == 0 ? "nothing" : "too much")
                    + " through in each of its periods");
        }
        return new NicRate(bytes.longValueExact(), periodUs);
    }
}
