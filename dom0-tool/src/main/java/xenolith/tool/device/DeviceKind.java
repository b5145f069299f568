package xenolith.tool.device;

import java.nio.file.Path;
import java.util.Set;

/// A kind of devices that can be attached to a running domain.
public interface DeviceKind {
    /// What devices are called that there are.
    record Taken(Set<Long> numbers, Set<String> names) {
        /// The lowest number, from `first` on, that none has.
        public long free(long first) {
            long number = first;
            while (numbers.contains(number)) {
                number++;
            }
            return number;
        }
    }

    /// As in the names of commands: `disk`, `nic`.
    String name();

    /// Opens what a device needs of the host.
    ///
    /// @param text      the words with which `xenolith run` is asked for such a device
    /// @param directory below which files lie that are named without a slash in front
    /// @param taken     what the domain's devices of this kind are called; looked at before the host is touched
    /// @throws BadInputException if it cannot be, or has the number or the name of another
    HostedDevice open(String text, Path directory, Taken taken);
}
