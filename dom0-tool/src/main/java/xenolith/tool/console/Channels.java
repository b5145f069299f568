package xenolith.tool.console;

import java.io.IOException;
import java.nio.file.Path;
import xenolith.backend.DeviceId;
import xenolith.backend.console.ConsoleDevice;
import xenolith.tool.device.DeviceKind;
import xenolith.tool.device.HostedDevice;
import xenolith.tool.input.BadInputException;
import xenolith.vmm.port.DeviceAccess;

/// The channels that a domain can have.
public final class Channels implements DeviceKind {
    public static final String NAME = "channel";
    /// Number 0 is the first console; Linux's driver looks at one digit.
    private static final long MAX_NUMBER = 9;

    private final DeviceAccess domain;
    private final int domid;

    public Channels(DeviceAccess domain, int domid) {
        this.domain = domain;
        this.domid = domid;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public HostedDevice open(String text, Path directory, Taken taken) {
        return open(ChannelConfig.parse(text, directory), taken);
    }

    /// Opens our end.
    ///
    /// @throws BadInputException if that cannot be
    public HostedDevice open(ChannelConfig config, Taken taken) {
        if (taken.names().contains(config.name())) {
            throw new BadInputException("there is a channel " + config.name() + " already");
        }
        long number = taken.free(1);
        if (number > MAX_NUMBER) {
            throw new BadInputException("a domain has at most " + MAX_NUMBER + " channels");
        }
        GuestConsole end = end(config);
        ConsoleDevice driver = new ConsoleDevice(domid + "-" + number, domain, end::write);
        ConsolePump.start("channel-" + domid + '-' + number, end, driver.input());
        return new Channel(config, new DeviceId(domid, "console", number), end, driver);
    }

    private static GuestConsole end(ChannelConfig config) {
        return switch (config.connection()) {
            case SOCKET -> socket(config.path());
            case PTY -> PtyConsole.open("the channel " + config.name());
            case FILE -> FileConsole.append(config.path());
        };
    }

    private static GuestConsole socket(Path path) {
        try {
            return SocketConsole.open(path);
        } catch (IOException e) {
            throw new BadInputException("the channel's socket " + path + " cannot be made: " + e.getMessage(), e);
        }
    }
}
