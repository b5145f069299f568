package xenolith.tool.control;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// The devices of one kind of a domain that some process runs, as other processes see them.
///
/// Every method throws `BadInputException` where what is asked cannot be, and `ControlException` where the guest or its
/// process does not do it.
public final class RunningDevices {
    private final String kind;
    private final Supplier<ControlClient> connection;

    RunningDevices(String kind, Supplier<ControlClient> connection) {
        this.kind = kind;
        this.connection = connection;
    }

    /// What came of an [#attach].
    ///
    /// @param name      what the device is called
    /// @param hindrance why the guest has not connected to it, or null if it has
    public record Attachment(String name, String hindrance) {
    }

    /// Gives the domain a device, and waits for as long as `patience` until the guest uses it. It stays if it does not.
    ///
    /// @param text as `xenolith run` is asked for one
    public Attachment attach(String text, Duration patience) {
        Map<String, Object> request = request(DeviceRequests.ATTACH, patience);
        request.put("device", text);
        Map<String, Object> answer = ask(request, patience);
        return new Attachment(String.valueOf(answer.get("name")),
                answer.get("hindrance") instanceof String hindrance ? hindrance : null);
    }

    /// Takes a device away: at once if `force`, else when the guest has let go of it.
    ///
    /// @param name its name, or its number
    /// @return its name
    public String detach(String name, boolean force, Duration patience) {
        Map<String, Object> request = request(DeviceRequests.DETACH, patience);
        request.put("name", name);
        request.put("force", force);
        return String.valueOf(ask(request, patience).get("name"));
    }

    /// One object for each device: `name`, `number`, `state`, `counters` and more.
    public List<Map<String, Object>> list() {
        List<Map<String, Object>> devices = new ArrayList<>();
        if (ask(request(DeviceRequests.LIST, Duration.ZERO), Duration.ZERO).get("devices") instanceof List<?> list) {
            for (Object device : list) {
                Map<String, Object> fields = new LinkedHashMap<>();
                ((Map<?, ?>) device).forEach((name, value) -> fields.put((String) name, value));
                devices.add(fields);
            }
        }
        return devices;
    }

    /// Changes a device while it is in use.
    ///
    /// @param name   as for [#detach]
    /// @param wanted words such as `size`, with their values or empty texts
    /// @return its name
    public String change(String name, Map<String, String> wanted) {
        Map<String, Object> request = request(DeviceRequests.CHANGE, Duration.ZERO);
        request.put("name", name);
        request.put("wanted", wanted);
        return String.valueOf(ask(request, Duration.ZERO).get("name"));
    }

    /// Asks a device what only its kind knows of.
    ///
    /// @param name may be empty if there is one
    Map<String, Object> ask(String name, Map<String, Object> question) {
        Map<String, Object> request = request(DeviceRequests.ASK, Duration.ZERO);
        request.put("name", name);
        request.put("question", question);
        return ask(request, Duration.ZERO);
    }

    private Map<String, Object> request(String what, Duration patience) {
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("do", what);
        request.put("kind", kind);
        request.put("directory", Path.of("").toAbsolutePath().toString());
        request.put("timeout_ms", patience.toMillis());
        return request;
    }

    /// The process takes some time of its own beside the guest's.
    private Map<String, Object> ask(Map<String, Object> request, Duration guestsPatience) {
        try (ControlClient client = connection.get()) {
            return client.ask(request, guestsPatience.plus(ControlClient.PATIENCE.multipliedBy(3)));
        }
    }
}
