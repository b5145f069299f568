package xenolith.vmm.build;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import xenolith.abi.XenElfNote;
import xenolith.vmm.image.KernelImage;

/// A kernel of one segment, with the notes that a test gives it.
final class TestKernel {
    private static final int HEADERS = 64 + 2 * 56;
    static final byte[] CODE = "the kernel's first bytes".getBytes(StandardCharsets.US_ASCII);

    private final ByteArrayOutputStream notes = new ByteArrayOutputStream();
    private final long paddr;
    private final long memoryBytes;
    private byte[] code = CODE;

    /// A kernel at pseudo-physical address `paddr`.
    TestKernel(long paddr, long memoryBytes) {
        this.paddr = paddr;
        this.memoryBytes = memoryBytes;
        note(XenElfNote.XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
        note(XenElfNote.XEN_ELFNOTE_LOADER, "generic");
    }

    /// Debian's 6.1 kernel, as far as the layout goes.
    static TestKernel linux61() {
        return new TestKernel(0x100_0000, 0x2e0_0000)
                .note(XenElfNote.XEN_ELFNOTE_VIRT_BASE, 0xffff_ffff_8000_0000L)
                .note(XenElfNote.XEN_ELFNOTE_INIT_P2M, 0x80_0000_0000L)
                .note(XenElfNote.XEN_ELFNOTE_ENTRY, 0xffff_ffff_8304_e1c0L)
                .note(XenElfNote.XEN_ELFNOTE_MOD_START_PFN, 1)
                .note(XenElfNote.XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb");
    }

    TestKernel code(byte[] bytes) {
        code = bytes;
        return this;
    }

    TestKernel note(int type, long value) {
        return raw(type, little(8).putLong(value).array());
    }

    TestKernel note(int type, String text) {
        return raw(type, (text + "\0").getBytes(StandardCharsets.US_ASCII));
    }

    private TestKernel raw(int type, byte[] description) {
        int padded = description.length + 3 & ~3;
        notes.writeBytes(little(16 + padded).putInt(4).putInt(description.length).putInt(type).put(new byte[] {'X', 'e',
            'n', 0}).put(description).array());
        return this;
    }

    private byte[] elf() {
        byte[] n = notes.toByteArray();
        ByteBuffer elf = little(HEADERS + n.length + code.length);
        elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
        elf.putShort((short) 2).putShort((short) 62).putInt(1).putLong(paddr).putLong(64).putLong(0).putInt(0)
                .putShort((short) 64).putShort((short) 56).putShort((short) 2).putShort((short) 64).putShort((short) 0)
                .putShort((short) 0);
        elf.putInt(4).putInt(4).putLong(HEADERS).putLong(0).putLong(0).putLong(n.length).putLong(n.length).putLong(4);
        elf.putInt(1).putInt(7).putLong(HEADERS + n.length).putLong(paddr).putLong(paddr).putLong(code.length)
                .putLong(memoryBytes).putLong(4096);
        return elf.put(n).put(code).array();
    }

    KernelImage image(Path directory) {
        try {
            Path file = Files.write(Files.createTempFile(directory, "kernel", ""), elf());
            return KernelImage.read(file, Optional.empty());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ByteBuffer little(int byteLength) {
        return ByteBuffer.allocate(byteLength).order(ByteOrder.LITTLE_ENDIAN);
    }
}
