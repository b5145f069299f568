package xenolith.tool.run;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import xenolith.tool.console.ChannelConfig;
import xenolith.tool.console.ConsoleTarget;
import xenolith.tool.disk.DiskConfig;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.DomainName;
import xenolith.tool.input.KernelCommandLine;
import xenolith.tool.input.MemorySize;
import xenolith.tool.nic.NicConfig;

/// What a domain is asked to be. Immutable; whoever holds one may rely on every bound stated here.
///
/// @param name           shown to the guest's xenstore and in messages: letters, digits, `.`, `_` and `-`
/// @param memoryBytes    a whole number of mebibytes, [MemorySize#MIN_OF_DOMAIN] to [MemorySize#MAX_OF_DOMAIN]
/// @param vcpuCount      1 to [#MAX_VCPUS]
/// @param kernel         a readable file; whether it is a PV kernel is for the domain builder to say
/// @param initrd         a readable file, or null
/// @param cmdline        at most [KernelCommandLine#MAX_BYTES] bytes, our additions included
/// @param console        where the PV console goes
/// @param statsFile      where to write statistics at the end, or null
/// @param scrambleFrames give the domain its machine frames in a permuted order
/// @param poller         serve hypercalls from a polling thread where a host core is free
/// @param audit          recount all references to frames when the domain has ended
/// @param traces         what to log
/// @param disks          its disks, of different names
/// @param nics           its network interfaces
/// @param channels       its channels, of different names
public record DomainConfig(
        String name,
        long memoryBytes,
        int vcpuCount,
        Path kernel,
        Path initrd,
        String cmdline,
        ConsoleTarget console,
        Path statsFile,
        boolean scrambleFrames,
        boolean poller,
        boolean audit,
        Set<Trace> traces,
        List<DiskConfig> disks,
        List<NicConfig> nics,
        List<ChannelConfig> channels) {

    /// `shared_info.vcpu_info` has 32 places (`XEN_LEGACY_MAX_VCPUS`).
    public static final int MAX_VCPUS = 32;

    public DomainConfig {
        DomainName.checked(name);
        checkMemory(memoryBytes);
        if (vcpuCount < 1 || vcpuCount > MAX_VCPUS) {
            throw new BadInputException("a domain has 1 to " + MAX_VCPUS + " virtual CPUs, not " + vcpuCount);
        }
        KernelCommandLine.checked(cmdline);
        traces = Set.copyOf(traces);
        disks = List.copyOf(disks);
        nics = List.copyOf(nics);
        channels = List.copyOf(channels);
    }

    /// The same domain under another name.
    public DomainConfig named(String newName) {
        return new DomainConfig(newName, memoryBytes, vcpuCount, kernel, initrd, cmdline, console, statsFile,
                scrambleFrames, poller, audit, traces, disks, nics, channels);
    }

    private static void checkMemory(long memoryBytes) {
        if (memoryBytes < MemorySize.MIN_OF_DOMAIN) {
            throw new BadInputException("memory " + MemorySize.format(memoryBytes) + " is too small; the least is "
                    + MemorySize.format(MemorySize.MIN_OF_DOMAIN));
        }
        if (memoryBytes > MemorySize.MAX_OF_DOMAIN) {
            throw new BadInputException("memory " + MemorySize.format(memoryBytes) + " is too large; the most is "
                    + MemorySize.format(MemorySize.MAX_OF_DOMAIN));
        }
        if (memoryBytes % (1L << 20) != 0) {
            throw new BadInputException("memory must be a whole number of mebibytes");
        }
    }
}
