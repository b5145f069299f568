package xenolith.backend.remote;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/// A device's counters in a message: how many there are, and for each its name and its value.
final class CounterList {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,40}");

    private CounterList() {
    }

    static void write(Map<String, Long> counters, Message out) {
        out.putInt(counters.size());
        counters.forEach((name, value) -> out.putText(name).putLong(value));
    }

    static Map<String, Long> read(Message in) throws ProtocolException {
        int count = in.getInt();
        if (count < 0 || count > Wire.MAX_COUNTERS) {
            throw new ProtocolException(count + " counters");
        }
        Map<String, Long> counters = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            String name = in.getText();
            if (!NAME.matcher(name).matches()) {
                throw new ProtocolException("a counter '" + name + "'");
            }
            counters.put(name, in.getLong());
        }
        return counters;
    }
}
