package xenolith.vmm.host;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import xenolith.abi.ElfImage;
import xenolith.vmm.guest.MachineMemory;

/// `probe.elf`, assembled by the build from `probe.S`: two pages of code, and the layout as symbols.
final class ProbeImage {
    private final ElfImage elf;
    private final MemorySegment code;

    private ProbeImage(ElfImage elf) {
        this.elf = elf;
        this.code = elf.section(".monitor").map(elf::bytes)
                .orElseThrow(() -> new IllegalStateException("probe.elf has no code"));
    }

    static ProbeImage load() {
        try (InputStream in = ProbeImage.class.getResourceAsStream("probe.elf")) {
            if (in == null) {
                throw new IllegalStateException("probe.elf is missing from the module; build again");
            }
            return new ProbeImage(ElfImage.parse(MemorySegment.ofArray(in.readAllBytes())));
        } catch (IOException e) {
            throw new IllegalStateException("probe.elf cannot be read", e);
        }
    }

    /// The value of a symbol: a constant, or an offset from the base of the L4 slot.
    int symbol(String name) {
        return elf.symbol(name).map(symbol -> Math.toIntExact(symbol.value()))
                .orElseThrow(() -> new IllegalStateException("probe.elf lacks " + name));
    }

    /// Copies the page that starts at `symbol`.
    void copyPage(String symbol, MemorySegment frame) {
        frame.copyFrom(code.asSlice(symbol(symbol), MachineMemory.PAGE_SIZE));
    }
}
