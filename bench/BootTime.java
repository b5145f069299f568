import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Boots kernels many times and prints how long each took from the command to the guest's first process.
///
/// usage: java BootTime.java N LAUNCHER KERNELS IMAGE
///
/// "cold" has an empty cache of unpacked kernels, "cached" one that the boot before has filled. Where QEMU is installed,
/// its emulator (TCG) boots the same kernel and image in the same session, turn by turn, so that both meet the same
/// noise.
class BootTime {
    private static final String MARKER = "XENOLITH GUEST UP";
    private static final String MEMORY = "256M";
    private static final long LIMIT_S = 60;
    private static final List<String> COLUMNS = List.of("first_ms", "init_ms", "end_ms", "exits", "hypercalls", "rss_mb");

    private final Path launcher;
    private final Path kernels;
    private final Path image;
    private final Path work;
    private final Map<String, Map<String, List<Double>>> results = new LinkedHashMap<>();

    BootTime(Path launcher, Path kernels, Path image) throws IOException {
        this.launcher = launcher;
        this.kernels = kernels;
        this.image = image;
        this.work = Files.createTempDirectory("xenolith-bench");
    }

    public static void main(String[] arguments) throws Exception {
        BootTime bench = new BootTime(Path.of(arguments[1]), Path.of(arguments[2]), Path.of(arguments[3]));
        int count = Integer.parseInt(arguments[0]);
        for (int i = 0; i < count; i++) {
            bench.round();
            System.err.println("dev: round " + (i + 1) + " of " + count + " done");
        }
        bench.report();
    }

    private void round() throws Exception {
        for (String flavour : List.of("cloud", "generic")) {
            Path kernel = kernels.resolve(flavour).resolve("vmlinuz");
            Path cache = work.resolve("cache");
            deleteTree(cache);
            xenolith(flavour + ", cold", kernel, cache);
            xenolith(flavour + ", cached", kernel, cache);
            xenolith(flavour + ", cached, no poller", kernel, cache, "--no-poller");
            if (Files.isExecutable(Path.of("/usr/bin/qemu-system-x86_64"))) {
                boot(flavour + ", QEMU TCG", List.of("/usr/bin/qemu-system-x86_64", "-accel", "tcg", "-m", MEMORY,
                        "-nographic", "-no-reboot", "-kernel", kernel.toString(), "-initrd", image.toString(),
                        "-append", "console=ttyS0 xl.script=hello"), cache);
            }
        }
    }

    private void xenolith(String name, Path kernel, Path cache, String... options) throws Exception {
        Path stats = work.resolve("stats.json");
        Files.deleteIfExists(stats);
        List<String> command = new ArrayList<>(List.of(launcher.toString(), "run", "--kernel", kernel.toString(),
                "--initrd", image.toString(), "--memory", MEMORY, "--cmdline", "console=hvc0 xl.script=hello",
                "--stats", stats.toString()));
        command.addAll(Arrays.asList(options));
        boot(name, command, cache);
        if (Files.exists(stats)) {
            String json = Files.readString(stats);
            add(name, "exits", total(json, "exits"));
            add(name, "hypercalls", total(json, "hypercalls"));
        }
    }

    private void boot(String name, List<String> command, Path cache) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).redirectInput(new File("/dev/null"))
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("XDG_CACHE_HOME", cache.toString());
        long begin = System.nanoTime();
        Process process = builder.start();
        Thread limit = new Thread(() -> killAfterLimit(process));
        limit.setDaemon(true);
        limit.start();
        watch(name, process, begin);
        int status = process.waitFor();
        add(name, "end_ms", (System.nanoTime() - begin) / 1e6);
        limit.interrupt();
        if (status != 0) {
            System.err.println("dev: " + name + " ended with status " + status);
        }
    }

    private void watch(String name, Process process, long begin) throws IOException {
        StringBuilder output = new StringBuilder();
        byte[] buffer = new byte[65536];
        boolean up = false;
        try (InputStream in = process.getInputStream()) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                double ms = (System.nanoTime() - begin) / 1e6;
                if (output.isEmpty()) {
                    add(name, "first_ms", ms);
                }
                output.append(new String(buffer, 0, count, ISO_8859_1));
                if (!up && output.indexOf(MARKER) >= 0) {
                    up = true;
                    add(name, "init_ms", ms);
                    add(name, "rss_mb", residentMebibytes(process.pid()));
                }
            }
        }
    }

    private static void killAfterLimit(Process process) {
        try {
            if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException _) {
            // The boot has ended in time.
        }
    }

    private static double residentMebibytes(long pid) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            if (line.startsWith("VmHWM:")) {
                return Double.parseDouble(line.replaceAll("\\D", "")) / 1024;
            }
        }
        return Double.NaN;
    }

    /// The sum of the numbers in the flat object `name` of `json`.
    private static double total(String json, String name) {
        Matcher object = Pattern.compile("\"" + name + "\"\\s*:\\s*\\{([^}]*)}").matcher(json);
        double sum = 0;
        if (object.find()) {
            Matcher number = Pattern.compile(":\\s*(\\d+)").matcher(object.group(1));
            while (number.find()) {
                sum += Double.parseDouble(number.group(1));
            }
        }
        return sum;
    }

    private void add(String name, String column, double value) {
        results.computeIfAbsent(name, _ -> new LinkedHashMap<>())
                .computeIfAbsent(column, _ -> new ArrayList<>()).add(value);
    }

    /// One line per kind of boot; each cell is the median with the least and the most.
    private void report() throws IOException {
        System.out.printf("%-26s", "");
        COLUMNS.forEach(column -> System.out.printf(" %22s", column));
        System.out.println();
        results.forEach((name, columns) -> {
            System.out.printf("%-26s", name);
            for (String column : COLUMNS) {
                System.out.printf(" %22s", cell(columns.getOrDefault(column, List.of())));
            }
            System.out.println();
        });
        deleteTree(work);
    }

    private static String cell(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(v -> v).sorted().toArray();
        return sorted.length == 0 ? "-" : String.format(Locale.ROOT, "%.0f (%.0f-%.0f)",
                sorted[sorted.length / 2], sorted[0], sorted[sorted.length - 1]);
    }

    private static void deleteTree(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (var files = Files.walk(folder)) {
                for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
