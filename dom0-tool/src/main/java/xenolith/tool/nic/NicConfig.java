package xenolith.tool.nic;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import xenolith.posix.NetInterface;
import xenolith.tool.device.BackendPlace;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.DomainName;

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

    public NicConfig {
        ips = List.copyOf(ips);
        forwards = List.copyOf(forwards);
    }

    /// Reads `tap[=NAME]`, `bridge=NAME`, `switch=NAME` or `user`, with `mac=`, `ip=`, `rate=`, `mtu=`, `hostip=`,
    /// `vifname=`, `antispoof=`, `rules=`, `backend=` and, as often as wanted, `forward=`, and what else of xl's
    /// network configuration means something here.
    ///
    /// @throws BadInputException if it makes no sense
    public static NicConfig parse(String text) {
        return parse(text, Path.of(""));
    }

    /// As [#parse(String)], with files that are named without a slash in front below `directory`.
    static NicConfig parse(String text, Path directory) {
        NicWords words = new NicWords(text, directory);
        Attachment attachment = words.attachment();
        String target = words.target();
        String tapName = attachment == Attachment.TAP && !target.isEmpty() ? target : words.get("vifname").orElse("");
        checkName(tapName);
        if (attachment == Attachment.BRIDGE) {
            checkName(target);
        } else if (attachment == Attachment.SWITCH) {
            DomainName.checked("a switch's", target);
        }
        return new NicConfig(attachment, target, tapName,
                words.get("hostip").map(HostIp::parse),
                words.get("mac").map(MacAddress::parse),
                addresses(words.get("ip").orElse("")),
                words.get("rate").map(NicRate::parse),
                words.get("mtu").map(NicConfig::mtu).orElse(DEFAULT_MTU),
                isOn(words.get("antispoof").orElse("on")),
                words.get("rules").orElse(""), words.forwards(), words.place(), words.forServer());
    }

    private static boolean isOn(String text) {
        return switch (text) {
            case "on" -> true;
            case "off" -> false;
            default -> throw new BadInputException("antispoof is on or off, not '" + text + "'");
        };
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
        if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) < MIN_MTU || Integer.parseInt(text) > MAX_MTU) {
            throw new BadInputException("an interface's mtu is " + MIN_MTU + " to " + MAX_MTU + ", not '" + text + "'");
        }
        return Integer.parseInt(text);
    }
}
