package xenolith.tool.control;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import xenolith.posix.HostException;
import xenolith.tool.device.DeviceControl;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.ControlException;
import xenolith.tool.input.HostUnfitException;
import xenolith.tool.input.InputFiles;

/// The requests of `control.sock` that are about devices, as [DeviceControl] does them.
///
/// All have a `kind` of device; those with a `name` mean one of them. `directory` is where whoever asks stands, for the
/// names of files. `timeout_ms` is how long to wait for the guest.
///
/// | `do` | other fields | answer |
/// |---|---|---|
/// | `attach` | `device` (the words of the option of `xenolith run`), `directory`, `timeout_ms` | `name`, `connected`, and `hindrance` if it is not |
/// | `detach` | `name` (or the number), `force`, `timeout_ms` | `name` |
/// | `list` | | `devices`: an array of objects |
/// | `change` | `name`, `wanted` (an object of words with their values), `directory` | `name` |
/// | `ask` | `name` (empty: the only one), `question` (an object), `directory` | what the device answers: `NicFirewall` |
public final class DeviceRequests {
    static final String ATTACH = "attach";
    static final String DETACH = "detach";
    static final String LIST = "list";
    static final String CHANGE = "change";
    static final String ASK = "ask";
    private static final Set<String> ALL = Set.of(ATTACH, DETACH, LIST, CHANGE, ASK);
    private static final long MAX_TIMEOUT_MS = 3_600_000;

    private DeviceRequests() {
    }

    static boolean isOne(Map<String, Object> request) {
        return ALL.contains(String.valueOf(request.get("do")));
    }

    /// Does what is asked. Whatever goes wrong is in the answer.
    public static Map<String, Object> answer(DeviceControl devices, Map<String, Object> request) {
        try {
            return done(devices, request);
        } catch (BadInputException e) {
            return Map.of("error", e.getMessage(), "bad_input", true);
        } catch (HostUnfitException e) {
            return Map.of("error", e.getMessage(), "host_unfit", true);
        } catch (ControlException | HostException e) {
            return Map.of("error", e.getMessage());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Map.of("error", "interrupted");
        } catch (RuntimeException e) {
            return Map.of("error", "internal error: " + e);
        }
    }

    private static Map<String, Object> done(DeviceControl devices, Map<String, Object> request)
            throws InterruptedException {
        String kind = text(request, "kind");
        return switch (text(request, "do")) {
            case ATTACH -> devices.attach(kind, text(request, "device"), directory(request), patience(request));
            case DETACH -> Map.of("name", devices.detach(kind, text(request, "name"),
                    Boolean.TRUE.equals(request.get("force")), patience(request)));
            case LIST -> Map.of("devices", devices.list(kind));
            case CHANGE ->
                Map.of("name", devices.change(kind, text(request, "name"), wanted(request), directory(request)));
            case ASK -> devices.ask(kind, text(request, "name"), question(request), directory(request));
            default -> throw new IllegalStateException("not about devices: " + request);
        };
    }

    private static String text(Map<String, Object> request, String field) {
        if (request.get(field) instanceof String text) {
            return text;
        }
        throw new BadInputException("the request has no text '" + field + "'");
    }

    private static Path directory(Map<String, Object> request) {
        return InputFiles.path(text(request, "directory"));
    }

    private static Duration patience(Map<String, Object> request) {
        if (request.get("timeout_ms") instanceof Long ms && ms >= 0 && ms <= MAX_TIMEOUT_MS) {
            return Duration.ofMillis(ms);
        }
        throw new BadInputException("the request has no 'timeout_ms' of 0 to " + MAX_TIMEOUT_MS);
    }

    private static Map<String, Object> question(Map<String, Object> request) {
        Map<String, Object> question = new LinkedHashMap<>();
        if (request.get("question") instanceof Map<?, ?> fields) {
            fields.forEach((field, value) -> question.put(String.valueOf(field), value));
        }
        return question;
    }

    private static Map<String, String> wanted(Map<String, Object> request) {
        Map<String, String> wanted = new LinkedHashMap<>();
        if (request.get("wanted") instanceof Map<?, ?> words && !words.isEmpty()) {
            words.forEach((word, value) -> wanted.put(String.valueOf(word), String.valueOf(value)));
            return wanted;
        }
        throw new BadInputException("the request does not say what to change in 'wanted'");
    }
}
