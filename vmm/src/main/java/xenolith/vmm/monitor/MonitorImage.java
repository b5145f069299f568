package xenolith.vmm.monitor;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import xenolith.abi.ElfImage;
import xenolith.vmm.guest.MachineMemory;

/// `monitor.elf`, assembled by the build: code pages to copy and the addresses of its symbols.
final class MonitorImage {
    private final ElfImage elf;
    private final MemorySegment code;

    private MonitorImage(ElfImage elf) {
        this.elf = elf;
        this.code = elf.section(".monitor").map(elf::bytes)
                .orElseThrow(() -> new IllegalStateException("monitor.elf has no .monitor section"));
        if (symbol("monitor_abi_version") != MonitorHeader.checksum()) {
            throw new IllegalStateException("monitor.elf was assembled from another MonitorAbi; build again");
        }
    }

    static MonitorImage load() {
        try (InputStream in = MonitorImage.class.getResourceAsStream("monitor.elf")) {
            if (in == null) {
                throw new IllegalStateException("monitor.elf is missing from the module; build again");
            }
            return new MonitorImage(ElfImage.parse(MemorySegment.ofArray(in.readAllBytes())));
        } catch (IOException e) {
            throw new IllegalStateException("monitor.elf cannot be read", e);
        }
    }

    long symbol(String name) {
        return elf.symbol(name).map(ElfImage.Symbol::value).orElseThrow(() -> new IllegalStateException("monitor.elf lacks " + name));
    }

    /// Copies the page that starts at `symbol` into frame `mfn`.
    void copyPage(String symbol, MachineMemory memory, long mfn) {
        copy(symbol(symbol), memory, mfn, MachineMemory.PAGE_SIZE);
    }

    void copy(long from, MachineMemory memory, long mfn, long byteLength) {
        memory.segment().asSlice(MachineMemory.offset(mfn << MachineMemory.PAGE_SHIFT), byteLength)
                .copyFrom(code.asSlice(from, byteLength));
    }
}
