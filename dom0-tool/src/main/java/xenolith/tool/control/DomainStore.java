package xenolith.tool.control;

import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import xenolith.tool.input.ControlException;
import xenolith.xenstore.socket.SocketClient;
import xenolith.xenstore.socket.StoreRefusedException;

/// The store of a running domain, with all rights. Paths without a slash in front lie below `/local/domain/0`.
///
/// Every method throws [ControlException] with the path and the reason where the store refuses. For one thread.
public final class DomainStore implements AutoCloseable {
    private static final String TOKEN = "xenolith";
    private static final Duration QUIET = Duration.ofMillis(500);

    private final SocketClient client;

    DomainStore(SocketClient client) {
        this.client = client;
    }

    /// A node's value, in which octets that are not printable ASCII are written as `\xHH`, and `\` is doubled: a guest
    /// chooses them, and they go to terminals.
    public String read(String path) {
        return asked(path, () -> StoreText.shown(client.read(path)));
    }

    public boolean exists(String path) {
        return asked(path, () -> {
            try {
                client.read(path);
                return true;
            } catch (StoreRefusedException e) {
                if (e.error().equals("ENOENT")) {
                    return false;
                }
                throw e;
            }
        });
    }

    /// The names of the node's children.
    public List<String> list(String path) {
        return asked(path, () -> client.directory(path));
    }

    /// Gives a node a value, which is written as [#read] shows it, making it and what is missing above.
    public void write(String path, String value) {
        byte[] octets = StoreText.octets(value);
        asked(path, () -> {
            client.write(path, octets);
            return null;
        });
    }

    public void remove(String path) {
        asked(path, () -> {
            client.remove(path);
            return null;
        });
    }

    /// As `n0`, `r5`: the owner with what all others may, then what single domains may.
    public List<String> permissions(String path) {
        return asked(path, () -> client.permissions(path));
    }

    public void setPermissions(String path, List<String> permissions) {
        asked(path, () -> {
            client.setPermissions(path, permissions);
            return null;
        });
    }

    /// Calls `onChange` with each path that changes at or below one of `paths`, and which of them it was, until it
    /// returns false, or until `isEnough`, which is asked now and then, returns true. Each of `paths` is reported once at
    /// the start, whether it exists or not.
    public void watch(List<String> paths, BiPredicate<String, String> onChange, BooleanSupplier isEnough) {
        asked(String.join(" ", paths), () -> {
            for (int i = 0; i < paths.size(); i++) {
                client.watch(paths.get(i), TOKEN + i);
            }
            boolean more = true;
            while (more && !isEnough.getAsBoolean()) {
                SocketClient.Event event = client.nextEvent(QUIET);
                if (event == null) {
                    continue;
                }
                int index = Integer.parseInt(event.token().substring(TOKEN.length()));
                more = onChange.test(event.path(), paths.get(index));
            }
            return null;
        });
    }

    /// A command of the store's own, such as `quota set nodes 2000`; the answer, in lines.
    public String control(List<String> words) {
        return asked(String.join(" ", words), () -> client.control(words));
    }

    /// Runs `body` so that all its changes are made together, or none; perhaps several times.
    public void transaction(Runnable body) {
        asked("the store", () -> {
            client.transaction(body);
            return null;
        });
    }

    private static <T> T asked(String path, Supplier<T> question) {
        try {
            return question.get();
        } catch (StoreRefusedException e) {
            throw new ControlException(path + ": " + reason(e.error()), e);
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof SocketTimeoutException) {
                throw new ControlException("the domain's process does not answer", e);
            }
            throw new ControlException("the store is gone: " + e.getCause().getMessage(), e);
        }
    }

    private static String reason(String error) {
        return switch (error) {
            case "ENOENT" -> "there is no such node";
            case "EACCES" -> "no permission";
            case "EINVAL" -> "that is no proper path, value or permission";
            case "EEXIST" -> "it exists already";
            case "ENOSPC" -> "there is no room for it";
            case "E2BIG" -> "it is too long";
            case "EAGAIN" -> "others change it all the time";
            default -> "the store says " + error;
        };
    }

    @Override
    public void close() {
        client.close();
    }
}
