package xenolith.xenstore;

import xenolith.xenstore.XenstoreException.MalformedRequest;

/// The decimal numbers of payloads.
final class Numbers {
    private Numbers() {
    }

    /// Reads digits and nothing else, of a value of at most `max`.
    static int parse(String digits, int max) {
        return (int) parseLong(digits, max);
    }

    /// Reads digits and nothing else, of a value of at most `max`.
    static long parseLong(String digits, long max) {
        if (digits.isEmpty() || digits.length() > 18) {
            throw new MalformedRequest("no number of " + digits.length() + " digits is allowed here");
        }
        long value = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw new MalformedRequest("not a digit: " + (int) digits.charAt(i));
            }
            value = value * 10 + digit;
        }
        if (value > max) {
            throw new MalformedRequest("the number " + value + " is above " + max);
        }
        return value;
    }
}
