package xenolith.vmm.port;

import java.lang.foreign.MemorySegment;

/// A page that the guest and a backend both write: a console or xenstore ring (`xen/io/console.h`, `xs_wire.h`).
public interface SharedPage {
    /// The 4096 bytes, aligned to a page, valid for as long as the domain lives.
    MemorySegment segment();
}
