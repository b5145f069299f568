package xenolith.tool.disk;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import xenolith.backend.blk.BlkLimit;
import xenolith.tool.input.BadInputException;

/// How much a disk may do in a second: `iops=500`, `bps=20M`.
///
/// @param requests as [BlkLimit#change]
/// @param bytes    likewise
public record DiskLimit(long requests, long bytes) {
    static final String IOPS = "iops";
    static final String BPS = "bps";
    static final DiskLimit UNLIMITED = new DiskLimit(BlkLimit.NONE, BlkLimit.NONE);
    private static final String NO_LIMIT = "none";
    private static final Pattern FORM = Pattern.compile("([0-9]{1,9})([kKMG]?)");
    private static final Map<String, Long> MULTIPLES =
            Map.of("", 1L, "k", 1_000L, "K", 1_000L, "M", 1_000_000L, "G", 1_000_000_000L);

    /// @param iops as the word has it; empty if nothing was said
    DiskLimit(String iops, String bps) {
        this(perSecond(IOPS, iops), perSecond(BPS, bps));
    }

    private static long perSecond(String word, String text) {
        if (text.isEmpty() || text.equals(NO_LIMIT)) {
            return BlkLimit.NONE;
        }
        Matcher matcher = FORM.matcher(text);
        long number = matcher.matches() ? Long.parseLong(matcher.group(1)) * MULTIPLES.get(matcher.group(2)) : 0;
        if (number == 0) {
            throw notALimit(word, text);
        }
        return number;
    }

    private static BadInputException notALimit(String word, String text) {
        return new BadInputException("'" + word + '=' + text + "' is no limit; examples: iops=500, bps=20M, " + word
                + "=none");
    }

    private static long changed(long now, String word, Map<String, String> wanted) {
        String text = wanted.get(word);
        if (text == null) {
            return now;
        }
        if (text.isEmpty()) {
            throw notALimit(word, text);
        }
        return perSecond(word, text);
    }

    /// The limit after `wanted`, which may say something of one or both.
    DiskLimit changed(Map<String, String> wanted) {
        return new DiskLimit(changed(requests, IOPS, wanted), changed(bytes, BPS, wanted));
    }

    void putInto(Map<String, Object> fields) {
        if (requests != BlkLimit.NONE) {
            fields.put(IOPS, requests);
        }
        if (bytes != BlkLimit.NONE) {
            fields.put(BPS, bytes);
        }
    }

    /// As words of a disk, with a comma before each.
    String words() {
        return (requests == BlkLimit.NONE ? "" : ",iops=" + requests) + (bytes == BlkLimit.NONE ? "" : ",bps=" + bytes);
    }

    /// A disk has it from now on.
    public void applyTo(BlkLimit limit) {
        limit.change(requests, bytes);
    }
}
