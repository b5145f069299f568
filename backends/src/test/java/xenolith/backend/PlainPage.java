package xenolith.backend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import xenolith.vmm.port.SharedPage;

/// A shared page over plain memory.
public final class PlainPage implements SharedPage {
    private final MemorySegment segment = Arena.ofAuto().allocate(4096, 4096);

    @Override
    public MemorySegment segment() {
        return segment;
    }
}
