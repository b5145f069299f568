package xenolith.tool.device;

import java.nio.file.Path;
import java.util.Set;

/// A kind of devices that can be attached to a running domain.
public interface DeviceKind {
    /// As in the names of commands: `disk`, `nic`.
    String name();

    /// Opens what a device needs of the host.
    ///
    /// @param text      the words with which `xenolith run` is asked for such a device
    /// @param directory below which files lie that are named without a slash in front
    /// @param taken     the numbers of the domain's devices of this kind
    /// @throws BadInputException if it cannot be, or has the number of another
    HostedDevice open(String text, Path directory, Set<Long> taken);
}
