package xenolith.vmm.host;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import xenolith.posix.NativeCode;

/// What a remembered profile depends on: our probes, the host's kernel and its boot, the processor, and the device,
/// whose node is made anew when a KVM module is loaded with other parameters.
final class HostIdentity {
    /// To be raised with every change of what a probe does or means.
    private static final int PROBE_VERSION = 2;
    private static final Path RELEASE = Path.of("/proc/sys/kernel/osrelease");
    private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");
    private static final Path DEVICE = Path.of("/dev/kvm");
    private static final int LEAF_FEATURES = 1;
    private static final int LEAF_BRAND = 0x8000_0002;
    private static final int BRAND_LEAVES = 3;
    private static final int ANSWER_BYTES = 16;

    private HostIdentity() {
    }

    /// One line. Where a part cannot be read it says so, which is as good a part as any.
    static String key() {
        return String.join("|", "probes " + PROBE_VERSION, line(RELEASE), line(BOOT), processor(), device());
    }

    private static String line(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException unreadable) {
            return "no " + file;
        }
    }

    private static String processor() {
        int[] answer = new int[4];
        MemorySegment brand = MemorySegment.ofArray(new byte[BRAND_LEAVES * ANSWER_BYTES]);
        for (int i = 0; i < BRAND_LEAVES; i++) {
            NativeCode.cpuid(LEAF_BRAND + i, 0, answer);
            MemorySegment.copy(answer, 0, brand, JAVA_INT_UNALIGNED, (long) i * ANSWER_BYTES, 4);
        }
        NativeCode.cpuid(LEAF_FEATURES, 0, answer);
        String name = new String(brand.toArray(JAVA_BYTE), StandardCharsets.ISO_8859_1);
        return name.replaceAll("[^ -~]", "").strip() + " " + Integer.toHexString(answer[0]);
    }

    private static String device() {
        try {
            BasicFileAttributes node = Files.readAttributes(DEVICE, BasicFileAttributes.class);
            return node.fileKey() + " " + node.lastModifiedTime().toMillis();
        } catch (IOException unreadable) {
            return "no " + DEVICE;
        }
    }
}
