package xenolith.tool.run;

import java.util.EnumSet;
import java.util.Set;
import xenolith.tool.input.BadInputException;

/// What the machine can log while it runs, on standard error, one line per event.
public enum Trace {
    HYPERCALLS("hypercalls"),
    EXITS("exits"),
    FAULTS("faults"),
    REFUSALS("refusals");

    private final String word;

    Trace(String word) {
        this.word = word;
    }

    /// Reads a list such as `hypercalls,faults`.
    public static Set<Trace> parse(String list) {
        EnumSet<Trace> chosen = EnumSet.noneOf(Trace.class);
        for (String word : list.split(",", -1)) {
            chosen.add(byWord(word));
        }
        return chosen;
    }

    private static Trace byWord(String word) {
        for (Trace trace : values()) {
            if (trace.word.equals(word)) {
                return trace;
            }
        }
        throw new BadInputException("nothing called '" + word + "' can be traced; choose from hypercalls, exits, faults, refusals");
    }
}
