package xenolith.tool.nic;

import java.io.IOException;
import java.nio.file.Path;
import xenolith.backend.net.FrameLink;
import xenolith.backend.net.TapLink;
import xenolith.backend.net.passt.Forward;
import xenolith.backend.net.passt.PasstCommand;
import xenolith.backend.net.passt.PasstException;
import xenolith.backend.net.passt.PasstLink;
import xenolith.backend.net.switching.SwitchLink;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.posix.NetInterface;
import xenolith.posix.Tap;
import xenolith.tool.directory.RunBase;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.HostUnfitException;
import xenolith.tool.input.InputFiles;

/// What network interfaces are attached to: the one place where each kind of attachment is made.
public final class NicLinks {
    private static final String TUN = "/dev/net/tun";
    /// The kernel puts a number in the place of `%d`.
    private static final String ANY_NAME = "xvif%d";
    /// As Xen's scripts set it, so that a bridge never takes it for its own: it takes the lowest of its ports'.
    private static final byte[] BRIDGE_PORT_MAC = {(byte) 0xFE, -1, -1, -1, -1, -1};

    private NicLinks() {
    }

    /// @param name of the interface, for the log
    /// @throws BadInputException if the host has no such thing
    /// @throws HostUnfitException if it does not let us, or has no such kind of thing
    public static Attached open(NicConfig config, String name) {
        return switch (config.attachment()) {
            case TAP, BRIDGE -> tap(config);
            case SWITCH -> new Attached(new SwitchLink(switchDirectory(config.target())), "");
            case USER -> new Attached(passt(config, name), "");
        };
    }

    /// A name that starts with a dot is no domain's.
    private static Path switchDirectory(String name) {
        RunBase base = RunBase.ofUser();
        base.make();
        Path switches = base.path().resolve(".switch");
        Path directory = switches.resolve(name).toAbsolutePath();
        if (!SwitchLink.isShortEnough(directory)) {
            throw new BadInputException("the directory " + directory + " has too long a name for sockets in it");
        }
        try {
            RunBase.makeDirectory(switches);
            RunBase.makeDirectory(directory);
            return directory;
        } catch (IOException e) {
            throw new HostUnfitException("cannot make the directory " + directory + ": " + InputFiles.reason(e), e);
        }
    }

    private static FrameLink passt(NicConfig config, String name) {
        Path program = PasstCommand.find(System.getenv("PATH")).orElseThrow(() -> new BadInputException(
                "there is no passt on the PATH, which an interface of 'user' needs (Debian: apt-get install passt)"));
        try {
            return PasstLink.start(name, new PasstCommand(program, config.mtu(), config.ips(),
                    config.forwards().stream().map(Forward::parse).toList()),
                    line -> System.err.println("xenolith: " + line));
        } catch (PasstException e) {
            throw new BadInputException(e.getMessage(), e);
        }
    }

    /// @param name what the host calls its side, or empty
    public record Attached(FrameLink link, String name) {
    }

    private static Attached tap(NicConfig config) {
        Tap tap = openTap(config.tapName());
        try {
            setUp(config, new NetInterface(tap.name()));
            return new Attached(new TapLink(tap), tap.name());
        } catch (RuntimeException e) {
            tap.close();
            throw e;
        }
    }

    private static Tap openTap(String wanted) {
        try {
            return Tap.open(wanted.isEmpty() ? ANY_NAME : wanted);
        } catch (HostException e) {
            throw refused(tapTrouble(wanted.isEmpty() ? "a TAP" : "the TAP " + wanted, e), e);
        }
    }

    static RuntimeException refused(String trouble, HostException e) {
        return isHosts(e) ? new HostUnfitException(trouble, e) : new BadInputException(trouble, e);
    }

    /// Whether the same words would do on another host, or for another user.
    private static boolean isHosts(HostException e) {
        return switch (e.errno()) {
            case Errno.EPERM, Errno.EACCES, Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM -> true;
            default -> e.call().equals(TUN);
        };
    }

    private static String tapTrouble(String what, HostException e) {
        if (e.call().equals(TUN)) {
            return switch (e.errno()) {
                case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO -> "there is no " + TUN + " for " + what
                        + " (load the kernel's module tun)";
                case Errno.EACCES, Errno.EPERM -> "no permission for " + TUN + ", which " + what + " needs";
                default -> what + " cannot be had: " + e.getMessage();
            };
        }
        return switch (e.errno()) {
            case Errno.EPERM -> "no permission to make " + what
                    + ": be root, or have root make it (ip tuntap add mode tap user USER dev NAME) and give its name";
            case Errno.EBUSY -> what + " is in use";
            case Errno.EINVAL -> what + " cannot be had: there is an interface of that name that is no TAP";
            default -> what + " cannot be had: " + e.getMessage();
        };
    }

    /// What is as it should be is left alone: a user who may not change it can then use what root has made.
    private static void setUp(NicConfig config, NetInterface tap) {
        try {
            if (tap.mtu() != config.mtu()) {
                tap.mtu(config.mtu());
            }
            config.hostIp().ifPresent(ip -> tap.address(ip.octets(), ip.prefixLength()));
            if (config.attachment() == NicConfig.Attachment.BRIDGE) {
                plugIn(config.target(), tap);
            }
            if (!tap.isUp()) {
                tap.up(true);
            }
        } catch (HostException e) {
            throw refused(e.errno() == Errno.EPERM
                    ? "only root may set up an interface (" + e.call() + "); have root do it beforehand"
                    : "the interface cannot be set up: " + e.getMessage(), e);
        }
    }

    private static void plugIn(String bridgeName, NetInterface tap) {
        NetInterface bridge = new NetInterface(bridgeName);
        if (!bridge.exists()) {
            throw new BadInputException("there is no bridge " + bridgeName);
        }
        tap.mac(BRIDGE_PORT_MAC);
        try {
            bridge.addPort(tap);
        } catch (HostException e) {
            if (e.errno() == Errno.EOPNOTSUPP) {
                throw new BadInputException(bridgeName + " is no bridge", e);
            }
            throw e;
        }
    }
}
