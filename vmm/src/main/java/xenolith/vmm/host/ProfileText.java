package xenolith.vmm.host;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;

/// A [HostProfile] as lines of `name=value`. The first line says of which host it is, the last is a checksum over all
/// before it, so that half a file, or one that was edited, is none.
final class ProfileText {
    private static final String KEY = "key";
    private static final String CHECKSUM = "crc32=";
    private static final String CAPABILITY = "cap_";
    private static final int MOST_LINES = 200;

    private final Map<String, String> values = new HashMap<>();

    private ProfileText() {
    }

    static String format(HostProfile profile, String key) {
        StringBuilder text = new StringBuilder();
        line(text, KEY, key);
        line(text, "api_version", profile.apiVersion());
        for (Capability capability : Capability.values()) {
            line(text, CAPABILITY + lower(capability), profile.capability(capability));
        }
        behaviour(text, profile.behaviour());
        line(text, "exit_ns", profile.costs().exitNs());
        line(text, "trap_ns", profile.costs().trapNs());
        line(text, "ring0_instruction_ns", profile.costs().ring0InstructionNs());
        return text + CHECKSUM + checksum(text) + "\n";
    }

    private static void behaviour(StringBuilder text, Behaviour behaviour) {
        line(text, "syscall_arrives", lower(behaviour.syscallLands()));
        line(text, "int80_vector", behaviour.int80Vector());
        line(text, "host_writes_coherent", lower(behaviour.hostWritesCoherent()));
        line(text, "host_upgrades_seen", lower(behaviour.hostUpgradesSeen()));
        line(text, "commits_seen", lower(behaviour.commitsSeen()));
        List<String> slots = behaviour.usableSlots().stream().map(String::valueOf).toList();
        line(text, "usable_slots", String.join(",", slots));
        line(text, "cpuid_intercepted", lower(behaviour.cpuidIntercepted()));
        line(text, "tls_selectors_load", lower(behaviour.tlsSelectorsLoad()));
        line(text, "tsc_is_hosts", lower(behaviour.tscIsHosts()));
        line(text, "mmio_write_advances_rip", lower(behaviour.mmioWriteAdvancesRip()));
        line(text, "breakpoints_work", lower(behaviour.breakpointsWork()));
    }

    /// The profile, if `text` is whole and of the host that `key` says.
    static Optional<HostProfile> parse(String text, String key) {
        int end = text.lastIndexOf(CHECKSUM);
        if (end < 0 || !text.substring(end).equals(CHECKSUM + checksum(text.substring(0, end)) + "\n")) {
            return Optional.empty();
        }
        ProfileText parsed = new ProfileText();
        for (String line : text.substring(0, end).split("\n", MOST_LINES)) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                parsed.values.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        try {
            return parsed.text(KEY).equals(oneLine(key)) ? Optional.of(parsed.profile()) : Optional.empty();
        } catch (IllegalArgumentException ofAnotherVersion) {
            return Optional.empty();
        }
    }

    private HostProfile profile() {
        Map<Capability, Integer> capabilities = new EnumMap<>(Capability.class);
        for (Capability capability : Capability.values()) {
            capabilities.put(capability, number(CAPABILITY + lower(capability)));
        }
        return new HostProfile(number("api_version"), capabilities, behaviour(),
                new Costs(longNumber("exit_ns"), longNumber("trap_ns"), longNumber("ring0_instruction_ns")));
    }

    private Behaviour behaviour() {
        List<Integer> slots = new ArrayList<>();
        for (String slot : text("usable_slots").split(",")) {
            if (!slot.isEmpty()) {
                slots.add(Integer.parseInt(slot));
            }
        }
        return new Behaviour(Behaviour.Ring.valueOf(text("syscall_arrives").toUpperCase(Locale.ROOT)),
                number("int80_vector"), answer("host_writes_coherent"), answer("host_upgrades_seen"),
                answer("commits_seen"), slots, answer("cpuid_intercepted"), answer("tls_selectors_load"),
                answer("tsc_is_hosts"), answer("mmio_write_advances_rip"), answer("breakpoints_work"));
    }

    private String text(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no " + name);
        }
        return value;
    }

    private int number(String name) {
        return Integer.parseInt(text(name));
    }

    private long longNumber(String name) {
        return Long.parseLong(text(name));
    }

    private Answer answer(String name) {
        return Answer.valueOf(text(name).toUpperCase(Locale.ROOT));
    }

    private static void line(StringBuilder text, String name, Object value) {
        text.append(name).append('=').append(oneLine(value.toString())).append('\n');
    }

    private static String oneLine(String value) {
        return value.replace('\n', ' ');
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static String checksum(CharSequence text) {
        CRC32 crc = new CRC32();
        crc.update(text.toString().getBytes(StandardCharsets.UTF_8));
        return Long.toHexString(crc.getValue());
    }
}
