package xenolith.backend.net.passt;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Ports of the host that lead to the guest: `tcp:2222:22`, `udp:127.0.0.1:5353:53`, `tcp:[::1]:8000-8010`.
///
/// @param isTcp   or UDP
/// @param address of the host, or empty for all of them
/// @param host    one port or a range
/// @param guest   likewise, of as many
public record Forward(boolean isTcp, String address, Ports host, Ports guest) {
    private static final Pattern FORM = Pattern.compile(
            "(tcp|udp):(?:(\\d{1,3}(?:\\.\\d{1,3}){3}|\\[[0-9a-fA-F:.]+]):)?([\\d-]+)(?::([\\d-]+))?");
    private static final int MAX_PORT = 0xffff;

    /// Both ends included.
    public record Ports(int first, int last) {
        private static Ports parse(String text) {
            Matcher range = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?").matcher(text);
            if (!range.matches()) {
                return null;
            }
            int first = Integer.parseInt(range.group(1));
            int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
            return first >= 1 && last >= first && last <= MAX_PORT ? new Ports(first, last) : null;
        }

        @Override
        public String toString() {
            return first == last ? Integer.toString(first) : first + "-" + last;
        }
    }

    /// Reads `tcp|udp:[ADDRESS:]HOSTPORT[:GUESTPORT]`; the guest's port is the host's if it is not given.
    ///
    /// @return null if that is none
    public static Forward parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            return null;
        }
        Ports host = Ports.parse(form.group(3));
        Ports guest = form.group(4) == null ? host : Ports.parse(form.group(4));
        if (host == null || guest == null || host.last() - host.first() != guest.last() - guest.first()) {
            return null;
        }
        String address = form.group(2) == null ? "" : form.group(2).replaceAll("[\\[\\]]", "");
        return new Forward(form.group(1).equals("tcp"), address, host, guest);
    }

    /// As passt's option has it.
    String option() {
        return (address.isEmpty() ? "" : address + "/") + host + ":" + guest;
    }
}
