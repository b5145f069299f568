package xenolith.tool.control;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// What a domain is asked to be. Immutable; whoever holds one may rely on every bound stated here.
///
/// @param name           shown to the guest's xenstore and in messages: letters, digits, `.`, `_` and `-`
/// @param memoryBytes    a whole number of mebibytes, [#MIN_MEMORY_BYTES] to [#MAX_MEMORY_BYTES]
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

    public static final long MIN_MEMORY_BYTES = 32L << 20;
    public static final long MAX_MEMORY_BYTES = 256L << 30;
    /// `shared_info.vcpu_info` has 32 places (`XEN_LEGACY_MAX_VCPUS`).
    public static final int MAX_VCPUS = 32;

    private static final int MAX_NAME_LENGTH = 64;

    public DomainConfig {
        checkedName(name);
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

    /// The file of an option as a path, or [BadInputException] that names `what` it should have been.
    public static Path inputFile(String what, String text) {
        return InputFiles.readable(what, text);
    }

    /// The path of a file to be written.
    public static Path outputFile(String text) {
        return InputFiles.path(text);
    }

    /// The same domain under another name.
    public DomainConfig named(String newName) {
        return new DomainConfig(newName, memoryBytes, vcpuCount, kernel, initrd, cmdline, console, statsFile,
                scrambleFrames, poller, audit, traces, disks, nics, channels);
    }

    /// A name is a directory's too, so it does not start with a dot.
    static String checkedName(String name) {
        return checkedName("a domain's", name);
    }

    /// @param whose the name is, for the message
    static String checkedName(String whose, String name) {
        boolean wellFormed = !name.isEmpty() && name.length() <= MAX_NAME_LENGTH && name.charAt(0) != '.'
                && name.chars().allMatch(c -> c < 0x80 && (Character.isLetterOrDigit(c) || "._-".indexOf(c) >= 0));
        if (!wellFormed) {
            throw new BadInputException(whose + " name is 1 to " + MAX_NAME_LENGTH
                    + " letters, digits, dots, dashes and underscores, and starts with no dot");
        }
        return name;
    }

    private static void checkMemory(long memoryBytes) {
        if (memoryBytes < MIN_MEMORY_BYTES) {
            throw new BadInputException("memory " + MemorySize.format(memoryBytes) + " is too small; the least is "
                    + MemorySize.format(MIN_MEMORY_BYTES));
        }
        if (memoryBytes > MAX_MEMORY_BYTES) {
            throw new BadInputException("memory " + MemorySize.format(memoryBytes) + " is too large; the most is "
                    + MemorySize.format(MAX_MEMORY_BYTES));
        }
        if (memoryBytes % (1L << 20) != 0) {
            throw new BadInputException("memory must be a whole number of mebibytes");
        }
    }
}
