package xenolith.tool.nic;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import xenolith.backend.net.passt.Forward;
import xenolith.posix.NetInterface;
import xenolith.tool.device.BackendPlace;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.DomainName;
import xenolith.tool.input.InputFiles;

/// A network interface that a domain is to have: what it is attached to, and what it is limited to.
///
/// @param attachment what kind of thing it is attached to; null if somebody else's process has it
/// @param target     its name: of a TAP, a bridge or a switch; empty where none was given
/// @param tapName    what the host is to call the interface that it sees, or empty for a name of our choice
/// @param hostIp     the host's address there
/// @param mac        the guest's address; if there is none, one that follows from the domain's name
/// @param ips        the guest's IP addresses, as text
/// @param rate       the most that the guest may send
/// @param mtu        the most bytes of a frame behind its Ethernet header
/// @param guarded    whether the guest is held to its addresses
/// @param rules      a file with the firewall's rules, or empty
/// @param forwards   ports of the host that lead to the guest, each as `PROTOCOL:[ADDRESS:]PORT[:PORT]`
/// @param place      where its backend runs; in somebody else's process it has no attachment here
/// @param words      how a process of its own is told what it is, but for the address; empty if none is
public record NicConfig(
        Attachment attachment,
        String target,
        String tapName,
        Optional<HostIp> hostIp,
        Optional<MacAddress> mac,
        List<String> ips,
        Optional<NicRate> rate,
        int mtu,
        boolean guarded,
        String rules,
        List<String> forwards,
        BackendPlace place,
        String words) {

    /// What an interface can be attached to.
    public enum Attachment {
        /// An interface of the host's, by itself.
        TAP,
        /// A bridge of the host's.
        BRIDGE,
        /// A switch between domains.
        SWITCH,
        /// The host's own connections, by a process of the user's.
        USER
    }

    public static final int DEFAULT_MTU = 1500;
    private static final int MIN_MTU = 68;
    private static final int MAX_MTU = 65521;
    private static final String EXAMPLE = "; examples: tap, bridge=br0, user,mac=00:16:3e:01:02:03";
    private static final Map<String, Attachment> ATTACHMENTS = Map.of("tap", Attachment.TAP,
            "bridge", Attachment.BRIDGE, "switch", Attachment.SWITCH, "user", Attachment.USER);
    private static final Set<String> OTHER_KEYS = Set.of("mac", "ip", "rate", "mtu", "hostip", "vifname",
            "antispoof", "rules");

    public NicConfig {
        ips = List.copyOf(ips);
        forwards = List.copyOf(forwards);
    }

    /// Reads `tap[=NAME]`, `bridge=NAME`, `switch=NAME` or `user`, with `mac=`, `ip=`, `rate=`, `mtu=`, `hostip=`,
    /// `vifname=`, `antispoof=`, `rules=`, `backend=` and, as often as wanted, `forward=`, and what else of xl's network
    /// configuration means something here.
    ///
    /// @throws BadInputException if it makes no sense
    public static NicConfig parse(String text) {
        return parse(text, Path.of(""));
    }

    /// As [#parse(String)], with files that are named without a slash in front below `directory`.
    static NicConfig parse(String text, Path directory) {
        Map<String, String> values = new HashMap<>();
        List<String> words = new ArrayList<>();
        BackendPlace place = new BackendPlace.Here();
        List<String> forwards = new ArrayList<>();
        Attachment attachment = null;
        String target = "";
        for (String word : text.split(",", -1)) {
            String key = key(word);
            String value = word.substring(Math.min(word.length(), key.length() + 1)).strip();
            if (key.equals("backend")) {
                place = BackendPlace.parse(value, directory);
                continue;
            }
            words.add(key.equals("rules") ? "rules=" + directory.resolve(InputFiles.path(value)).toAbsolutePath() : word);
            if (ATTACHMENTS.containsKey(key)) {
                if (attachment != null) {
                    throw new BadInputException("the interface '" + text + "' is attached to two things" + EXAMPLE);
                }
                attachment = ATTACHMENTS.get(key);
                target = value;
            } else if (OTHER_KEYS.contains(key)) {
                if (value.isEmpty() || values.put(key, value) != null) {
                    throw new BadInputException("'" + key + "' in the interface '" + text + "' needs one value");
                }
            } else if (key.equals("forward")) {
                forwards.add(forward(value));
            } else {
                refuseUnlessHarmless(key, value, text);
            }
        }
        if (place instanceof BackendPlace.Listening) {
            refuseUnlessOfGuest(attachment, values, forwards);
        } else if (attachment == null) {
            throw new BadInputException("the interface '" + text + "' is attached to nothing" + EXAMPLE);
        }
        if ((attachment == Attachment.SWITCH || attachment == Attachment.USER)
                && (values.containsKey("hostip") || values.containsKey("vifname"))) {
            throw new BadInputException("'" + word(attachment) + "' has no interface of the host's: hostip and vifname "
                    + "go with tap and bridge");
        }
        if (!forwards.isEmpty() && attachment != Attachment.USER) {
            throw new BadInputException("ports are forwarded to an interface of 'user' only" + EXAMPLE);
        }
        return of(attachment, target, values, forwards, place,
                place instanceof BackendPlace.Here ? "" : String.join(",", words));
    }

    private static void refuseUnlessOfGuest(Attachment attachment, Map<String, String> values, List<String> forwards) {
        if (attachment != null || !forwards.isEmpty() || !Set.of("mac", "mtu").containsAll(values.keySet())) {
            throw new BadInputException("the process that serves an interface attaches it: say all but mac and mtu to "
                    + "that one");
        }
    }

    private static String forward(String text) {
        if (Forward.parse(text) == null) {
            throw new BadInputException("'" + text + "' says no ports to forward; an example: "
                    + "forward=tcp:127.0.0.1:2222:22");
        }
        return text;
    }

    private static String key(String word) {
        int equals = word.indexOf('=');
        return (equals < 0 ? word : word.substring(0, equals)).strip();
    }

    private static NicConfig of(Attachment attachment, String target, Map<String, String> values,
            List<String> forwards, BackendPlace place, String words) {
        boolean named = attachment == Attachment.BRIDGE || attachment == Attachment.SWITCH;
        if (attachment != null && named == target.isEmpty() && attachment != Attachment.TAP) {
            throw new BadInputException(named ? "a " + word(attachment) + " needs a name" + EXAMPLE
                    : "'" + word(attachment) + "' takes no value");
        }
        String tapName = attachment == Attachment.TAP && !target.isEmpty() ? target : values.getOrDefault("vifname", "");
        checkName(tapName);
        if (attachment == Attachment.BRIDGE) {
            checkName(target);
        } else if (attachment == Attachment.SWITCH) {
            DomainName.checked("a switch's", target);
        }
        return new NicConfig(attachment, target, tapName,
                Optional.ofNullable(values.get("hostip")).map(HostIp::parse),
                Optional.ofNullable(values.get("mac")).map(MacAddress::parse),
                addresses(values.getOrDefault("ip", "")),
                Optional.ofNullable(values.get("rate")).map(NicRate::parse),
                mtu(values.get("mtu")),
                isOn(values.getOrDefault("antispoof", "on")),
                values.getOrDefault("rules", ""), forwards, place, words);
    }

    private static boolean isOn(String text) {
        return switch (text) {
            case "on" -> true;
            case "off" -> false;
            default -> throw new BadInputException("antispoof is on or off, not '" + text + "'");
        };
    }

    private static String word(Attachment attachment) {
        return attachment.name().toLowerCase(java.util.Locale.ROOT);
    }

    /// Words of xl's that change nothing for a PV guest are passed over; the others are refused, lest somebody count on
    /// them.
    private static void refuseUnlessHarmless(String key, String value, String text) {
        switch (key) {
            case "type" -> {
                if (!value.equals("vif") && !value.equals("pv")) {
                    throw new BadInputException("an interface's type is vif, not '" + value + "': no card is emulated");
                }
            }
            case "model", "devid", "trusted" -> { }
            case "script", "gatewaydev" -> throw new BadInputException("'" + key + "' is not known here: nothing is run "
                    + "when an interface comes; make a TAP beforehand and give its name, as tap=NAME");
            default -> throw new BadInputException("'" + key + "' in the interface '" + text + "' means nothing" + EXAMPLE);
        }
    }

    private static void checkName(String name) {
        if (name.length() > NetInterface.MAX_NAME_BYTES) {
            throw new BadInputException("the interface's name '" + name + "' has more than "
                    + NetInterface.MAX_NAME_BYTES + " characters");
        }
        if (!name.chars().allMatch(c -> c > ' ' && c < 0x7F && "/:%".indexOf(c) < 0)
                || name.equals(".") || name.equals("..")) {
            throw new BadInputException("'" + name + "' cannot be an interface's name");
        }
    }

    /// As xl has them: several with blanks between them.
    private static List<String> addresses(String text) {
        List<String> addresses = new ArrayList<>();
        for (String address : text.split("\\s+")) {
            if (!address.isEmpty()) {
                addresses.add(HostIp.checkedAddress(address));
            }
        }
        return addresses;
    }

    private static int mtu(String text) {
        if (text == null) {
            return DEFAULT_MTU;
        }
        if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) < MIN_MTU || Integer.parseInt(text) > MAX_MTU) {
            throw new BadInputException("an interface's mtu is " + MIN_MTU + " to " + MAX_MTU + ", not '" + text + "'");
        }
        return Integer.parseInt(text);
    }
}
