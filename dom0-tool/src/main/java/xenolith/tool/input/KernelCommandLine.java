package xenolith.tool.input;

import java.nio.charset.StandardCharsets;

/// The kernel's command line: what the caller wrote, and the words that we add.
///
/// `noreplace-smp` keeps a kernel with one virtual CPU from rewriting every lock of its text at boot, and `nr_cpus`
/// keeps a distribution kernel from asking after 8,191 virtual CPUs that are not there. On the boot of such a kernel
/// the two save more than half of all exits. Neither is added where the caller has written a word of the same name,
/// nor where the caller wants the line as it is.
public final class KernelCommandLine {
    /// `start_info.cmd_line` in xen/include/public/xen.h is 1024 bytes with its terminating NUL.
    public static final int MAX_BYTES = 1023;
    /// What a domain gets whose caller has written no line: the PV console.
    public static final String DEFAULT = "console=hvc0";

    private KernelCommandLine() {
    }

    /// `line` with our words added.
    public static String complete(String line, int vcpuCount) {
        String completed = addUnlessNamed(line, "noreplace-smp", "noreplace-smp");
        return addUnlessNamed(completed, "nr_cpus", "nr_cpus=" + vcpuCount);
    }

    /// `line` itself, or [BadInputException] where the guest could not be given it.
    public static String checked(String line) {
        int byteLength = line.getBytes(StandardCharsets.UTF_8).length;
        if (byteLength > MAX_BYTES) {
            throw new BadInputException("the command line is " + byteLength + " bytes; a PV kernel takes " + MAX_BYTES);
        }
        if (line.indexOf('\0') >= 0 || line.indexOf('\n') >= 0) {
            throw new BadInputException("the command line must be one line");
        }
        return line;
    }

    private static String addUnlessNamed(String line, String name, String word) {
        for (String present : line.split("\\s+")) {
            if (present.equals(name) || present.startsWith(name + "=")) {
                return line;
            }
        }
        return line.isEmpty() ? word : line + " " + word;
    }
}
