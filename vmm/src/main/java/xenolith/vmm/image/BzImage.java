package xenolith.vmm.image;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Linux's x86 boot container: boot sector, setup code, then the protected-mode part that holds the packed kernel.
///
/// The setup header lies at fixed offsets from the start of the file (`Documentation/arch/x86/boot.rst`); from
/// protocol 2.08 on it says where the payload is, so nothing of the setup code need be run or searched.
final class BzImage {
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int SECTOR = 512;
    private static final long SETUP_SECTS = 0x1f1;
    private static final long BOOT_FLAG = 0x1fe;
    private static final int BOOT_FLAG_VALUE = 0xaa55;
    private static final long HEADER = 0x202;
    private static final int HEADER_VALUE = 0x53726448;
    private static final long VERSION = 0x206;
    private static final int FIRST_VERSION_WITH_PAYLOAD = 0x208;
    private static final long PAYLOAD_OFFSET = 0x248;
    private static final long PAYLOAD_LENGTH = 0x24c;
    private static final long HEADER_END = 0x250;

    private BzImage() {
    }

    /// Whether the file carries the "HdrS" of a setup header.
    static boolean matches(MemorySegment file) {
        return file.byteSize() >= HEADER + 4
                && Short.toUnsignedInt(file.get(U16, BOOT_FLAG)) == BOOT_FLAG_VALUE
                && file.get(U32, HEADER) == HEADER_VALUE;
    }

    /// The packed kernel, with the four bytes of its unpacked size that the kernel's build puts behind it.
    ///
    /// Throws [BadKernelException] if the header is too old to say where the payload is, or if it lies outside the
    /// file.
    static MemorySegment payload(MemorySegment file, String name) {
        if (file.byteSize() < HEADER_END) {
            throw truncated(name, HEADER_END, file.byteSize());
        }
        int version = Short.toUnsignedInt(file.get(U16, VERSION));
        if (version < FIRST_VERSION_WITH_PAYLOAD) {
            throw new BadKernelException("%s: boot protocol %d.%02d is too old, 2.08 is needed: use Linux 2.6.26 or later"
                    .formatted(name, version >> 8, version & 0xff));
        }
        int setupSectors = Byte.toUnsignedInt(file.get(ValueLayout.JAVA_BYTE, SETUP_SECTS));
        // The oldest loaders took 0 to mean 4, and the protocol keeps that.
        long protectedMode = ((setupSectors == 0 ? 4L : setupSectors) + 1) * SECTOR;
        long start = protectedMode + Integer.toUnsignedLong(file.get(U32, PAYLOAD_OFFSET));
        long length = Integer.toUnsignedLong(file.get(U32, PAYLOAD_LENGTH));
        if (length == 0) {
            throw new BadKernelException(name + ": this bzImage holds no packed kernel");
        }
        if (start + length > file.byteSize()) {
            throw truncated(name, start + length, file.byteSize());
        }
        return file.asSlice(start, length);
    }

    private static BadKernelException truncated(String name, long needed, long found) {
        return new BadKernelException("%s: truncated: this bzImage needs %d bytes and the file has %d: copy it again"
                .formatted(name, needed, found));
    }
}
