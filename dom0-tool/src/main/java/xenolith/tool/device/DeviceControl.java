package xenolith.tool.device;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// What can be asked of the devices of a running domain. Each method may wait for the guest, so none is for a thread
/// that serves others; and each throws `BadInputException` where what is asked for cannot be, `ControlException` where
/// the guest or the host does not do it.
///
/// A `kind` is that of a [DeviceKind].
public interface DeviceControl {
    /// Gives the domain one more device and waits for the guest to connect to it.
    ///
    /// @return `name`; `connected`; and if it is not, `hindrance`: what keeps it from being so after `patience`
    Map<String, Object> attach(String kind, String text, Path directory, Duration patience) throws InterruptedException;

    /// Takes a device away when the guest has let go of it; at once if `force`. A device that the guest has not let go
    /// of after `patience` stays, and may be gone when it is asked for again.
    ///
    /// @param name its name, or its number
    /// @return its name
    String detach(String kind, String name, boolean force, Duration patience) throws InterruptedException;

    /// One object for each device of the kind, in the order in which they came.
    List<Map<String, Object>> list(String kind);

    /// Changes a device as [HostedDevice#change] says, and tells the guest.
    ///
    /// @param name as for [#detach]
    /// @return its name
    String change(String kind, String name, Map<String, String> wanted, Path directory);

    /// What a device answers, as [HostedDevice#answer] says.
    ///
    /// @param name may be empty if there is one device of the kind
    Map<String, Object> ask(String kind, String name, Map<String, Object> question, Path directory);
}
