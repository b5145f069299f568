package xenolith.tool.input;

/// What a domain, or a switch between domains, may be called.
public final class DomainName {
    private static final int MAX_LENGTH = 64;

    private DomainName() {
    }

    /// A name is a directory's too, so it does not start with a dot.
    public static String checked(String name) {
        return checked("a domain's", name);
    }

    /// @param whose the name is, for the message
    public static String checked(String whose, String name) {
        boolean wellFormed = !name.isEmpty() && name.length() <= MAX_LENGTH && name.charAt(0) != '.'
                && name.chars().allMatch(c -> c < 0x80 && (Character.isLetterOrDigit(c) || "._-".indexOf(c) >= 0));
        if (!wellFormed) {
            throw new BadInputException(whose + " name is 1 to " + MAX_LENGTH
                    + " letters, digits, dots, dashes and underscores, and starts with no dot");
        }
        return name;
    }
}
