package xenolith.vmm.machine;

import java.nio.file.Path;
import xenolith.vmm.control.DomainLog;

/// What a domain is to be.
///
/// @param memoryBytes a whole number of pages
/// @param initrd null for none
/// @param scrambleFrames whether its machine frames are dealt out at random
/// @param poller whether a second host core may be spent on answering hypercalls
public record DomainSpec(String name, long memoryBytes, int vcpuCount, Path kernel, Path initrd, String cmdline,
        boolean scrambleFrames, boolean poller, DomainLog log) {
}
