package xenolith.tool.device;

import java.nio.file.Path;
import java.util.Map;
import xenolith.backend.DeviceDriver;
import xenolith.backend.DeviceId;
import xenolith.tool.input.BadInputException;

/// A device of a running domain, with what it holds of the host: an image, an interface, a socket.
public interface HostedDevice extends AutoCloseable {
    /// What the person who runs the domain calls it, as `xvda`. No two of a kind have the same.
    String name();

    DeviceId id();

    /// What goes into the frontend's directory when it is attached.
    Map<String, String> frontendNodes();

    /// What goes into ours.
    Map<String, String> backendNodes();

    DeviceDriver driver();

    /// What a list shows of it beside its name and its state, by the names in JSON.
    Map<String, Object> description();

    /// Changes it while it is in use. All that is asked is done, or nothing.
    ///
    /// @param wanted    what to change: words such as `size`, with their values or an empty text
    /// @param directory below which files lie that are named without a slash in front
    /// @return nodes of ours to be written anew before the guest is told
    /// @throws BadInputException if that cannot be
    Map<String, String> change(Map<String, String> wanted, Path directory);

    /// The domain runs no more: whatever waits for somebody else on its behalf need not wait for long.
    default void domainGone() {
    }

    /// Answers or does what only this kind of device knows of; fields of JSON both ways.
    ///
    /// @param directory as for [#change]
    /// @throws BadInputException if it knows no such thing, or it cannot be
    default Map<String, Object> answer(Map<String, Object> question, Path directory) {
        throw new BadInputException(name() + " cannot be asked anything");
    }

    /// Gives back what it holds. The driver is disconnected by then.
    @Override
    void close();
}
