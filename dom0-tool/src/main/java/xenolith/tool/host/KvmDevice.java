package xenolith.tool.host;

import java.nio.file.Files;
import java.nio.file.Path;
import xenolith.tool.input.HostUnfitException;

/// The first look at `/dev/kvm`, for a message that says what to do.
public final class KvmDevice {
    private static final Path DEVICE = Path.of("/dev/kvm");

    private KvmDevice() {
    }

    /// Throws [HostUnfitException] where the device is missing or closed to this user.
    public static void requireUsable() {
        if (!Files.exists(DEVICE)) {
            throw new HostUnfitException("there is no /dev/kvm; load a KVM module (kvm-intel, kvm-amd or kvm-pvm)");
        }
        if (!Files.isReadable(DEVICE) || !Files.isWritable(DEVICE)) {
            throw new HostUnfitException("no permission for /dev/kvm; join the group kvm or run as root");
        }
    }
}
