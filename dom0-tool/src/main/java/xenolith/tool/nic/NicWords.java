package xenolith.tool.nic;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import xenolith.backend.net.passt.Forward;
import xenolith.tool.device.BackendPlace;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.InputFiles;
import xenolith.tool.nic.NicConfig.Attachment;

/// The words by which a network interface is asked for, sorted by what they are about: our own, and those of xl's
/// network configuration (xl-network-configuration(5)) so far as they mean something here.
final class NicWords {
    static final String EXAMPLE = "; examples: tap, bridge=br0, user,mac=00:16:3e:01:02:03";
    private static final Map<String, Attachment> ATTACHMENTS = Map.of("tap", Attachment.TAP,
            "bridge", Attachment.BRIDGE, "switch", Attachment.SWITCH, "user", Attachment.USER);
    private static final Set<String> OTHER_KEYS = Set.of("mac", "ip", "rate", "mtu", "hostip", "vifname",
            "antispoof", "rules");

    private final String text;
    private final Path directory;
    private final Map<String, String> values = new HashMap<>();
    private final List<String> forwards = new ArrayList<>();
    /// All but who serves it.
    private final List<String> words = new ArrayList<>();
    private BackendPlace place = new BackendPlace.Here();
    private Attachment attachment;
    private String target = "";

    /// @param directory below which files lie that are named without a slash in front
    /// @throws BadInputException if some word makes no sense, or does not go with the others
    NicWords(String text, Path directory) {
        this.text = text;
        this.directory = directory;
        for (String word : text.split(",", -1)) {
            int equals = word.indexOf('=');
            String key = (equals < 0 ? word : word.substring(0, equals)).strip();
            take(word, key, word.substring(Math.min(word.length(), key.length() + 1)).strip());
        }
        checkAttachment();
        checkForwards();
    }

    private void take(String word, String key, String value) {
        if (key.equals("backend")) {
            place = BackendPlace.parse(value, directory);
            return;
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
            refuseUnlessHarmless(key, value);
        }
    }

    private static String forward(String text) {
        if (Forward.parse(text) == null) {
            throw new BadInputException("'" + text + "' says no ports to forward; an example: "
                    + "forward=tcp:127.0.0.1:2222:22");
        }
        return text;
    }

    /// Words of xl's that change nothing for a PV guest are passed over; the others are refused, lest somebody count on
    /// them.
    private void refuseUnlessHarmless(String key, String value) {
        switch (key) {
            case "type" -> {
                if (!value.equals("vif") && !value.equals("pv")) {
                    throw new BadInputException("an interface's type is vif, not '" + value + "': no card is emulated");
                }
            }
            case "model", "devid", "trusted" -> { }
            case "script", "gatewaydev" -> throw new BadInputException("'" + key + "' is not known here: nothing is "
                    + "run when an interface comes; make a TAP beforehand and give its name, as tap=NAME");
            default -> throw new BadInputException("'" + key + "' in the interface '" + text + "' means nothing"
                    + EXAMPLE);
        }
    }

    private void checkAttachment() {
        if (place instanceof BackendPlace.Listening) {
            if (attachment != null || !forwards.isEmpty() || !Set.of("mac", "mtu").containsAll(values.keySet())) {
                throw new BadInputException("the process that serves an interface attaches it: say all but mac and mtu "
                        + "to that one");
            }
        } else if (attachment == null) {
            throw new BadInputException("the interface '" + text + "' is attached to nothing" + EXAMPLE);
        } else if (attachment != Attachment.TAP && isNamed() == target.isEmpty()) {
            throw new BadInputException(isNamed() ? "a " + word() + " needs a name" + EXAMPLE
                    : "'" + word() + "' takes no value");
        }
    }

    private void checkForwards() {
        if ((attachment == Attachment.SWITCH || attachment == Attachment.USER)
                && (values.containsKey("hostip") || values.containsKey("vifname"))) {
            throw new BadInputException("'" + word() + "' has no interface of the host's: hostip and vifname "
                    + "go with tap and bridge");
        }
        if (!forwards.isEmpty() && attachment != Attachment.USER) {
            throw new BadInputException("ports are forwarded to an interface of 'user' only" + EXAMPLE);
        }
    }

    private boolean isNamed() {
        return attachment == Attachment.BRIDGE || attachment == Attachment.SWITCH;
    }

    private String word() {
        return attachment.name().toLowerCase(Locale.ROOT);
    }

    /// Null if somebody else's process attaches it.
    Attachment attachment() {
        return attachment;
    }

    String target() {
        return target;
    }

    BackendPlace place() {
        return place;
    }

    List<String> forwards() {
        return forwards;
    }

    /// The value of a word, if it was said.
    Optional<String> get(String key) {
        return Optional.ofNullable(values.get(key));
    }

    /// All words but who serves it; empty if we do.
    String forServer() {
        return place instanceof BackendPlace.Here ? "" : String.join(",", words);
    }
}
