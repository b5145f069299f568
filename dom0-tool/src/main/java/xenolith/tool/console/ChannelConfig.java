package xenolith.tool.console;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.InputFiles;

/// A channel that a domain is to have: a console beside the first, for a program in the guest and one on the host.
///
/// @param name       by which the guest finds it, as `org.example.agent`: letters, digits, `.`, `_` and `-`
/// @param connection what our end is
/// @param path       the socket or file; null for a pseudo-terminal
public record ChannelConfig(String name, Connection connection, Path path) {
    private static final Set<String> KEYS = Set.of("name", "connection", "path");
    private static final int MAX_NAME_LENGTH = 64;
    private static final String EXAMPLE = "; an example: name=org.example.agent,path=agent.sock";

    /// What our end of a channel is, by the words that xl uses for the first two.
    public enum Connection {
        /// A Unix socket at which we listen, for one client at a time.
        SOCKET,
        /// A new pseudo-terminal.
        PTY,
        /// A file, for what the guest writes.
        FILE;

        String word() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /// Reads `name=NAME,path=PATH[,connection=socket|pty|file]`.
    ///
    /// @throws BadInputException if it makes no sense
    public static ChannelConfig parse(String text) {
        return parse(text, Path.of(""));
    }

    /// As [#parse(String)], with a path that has no slash in front below `directory`.
    static ChannelConfig parse(String text, Path directory) {
        Map<String, String> values = new HashMap<>();
        for (String word : text.split(",", -1)) {
            int equals = word.indexOf('=');
            String key = equals < 0 ? "" : word.substring(0, equals);
            if (!KEYS.contains(key) || values.put(key, word.substring(equals + 1)) != null) {
                throw new BadInputException("a channel has no '" + word + "' at that place" + EXAMPLE);
            }
        }
        Connection connection = connection(values.getOrDefault("connection", "socket"));
        String path = values.getOrDefault("path", "");
        if (path.isEmpty() != (connection == Connection.PTY)) {
            throw new BadInputException(connection == Connection.PTY ? "a channel on a pseudo-terminal has no path"
                    : "a channel needs a path" + EXAMPLE);
        }
        return new ChannelConfig(checked(values.getOrDefault("name", "")), connection,
                path.isEmpty() ? null : directory.resolve(InputFiles.path(path)));
    }

    /// All channels of a domain, of which no two may have the same name.
    public static List<ChannelConfig> parseAll(List<String> texts) {
        List<ChannelConfig> channels = texts.stream().map(ChannelConfig::parse).toList();
        for (ChannelConfig channel : channels) {
            if (channels.stream().filter(other -> other.name.equals(channel.name)).count() > 1) {
                throw new BadInputException("two channels are called " + channel.name);
            }
        }
        return channels;
    }

    private static Connection connection(String word) {
        for (Connection connection : Connection.values()) {
            if (connection.word().equals(word)) {
                return connection;
            }
        }
        throw new BadInputException("a channel's connection is socket, pty or file, not '" + word + "'");
    }

    private static String checked(String name) {
        boolean wellFormed = !name.isEmpty() && name.length() <= MAX_NAME_LENGTH
                && name.chars().allMatch(c -> c < 0x80 && (Character.isLetterOrDigit(c) || "._-".indexOf(c) >= 0));
        if (!wellFormed) {
            throw new BadInputException("a channel's name is 1 to " + MAX_NAME_LENGTH
                    + " letters, digits, dots, dashes and underscores" + EXAMPLE);
        }
        return name;
    }
}
