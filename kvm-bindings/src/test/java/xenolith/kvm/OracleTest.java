package xenolith.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import xenolith.posix.Errno;

/// Layouts, request numbers and constants against the C headers of this machine.
class OracleTest {
    /// Every constant of ours is in the headers of this version and of later ones.
    /// What has come since Linux 6.1, whose headers we want at least.
    private static final Set<String> NEWER = Set.of("SO_PASSRIGHTS");
    private static final long LINUX_6_1 = 6 << 16 | 1 << 8;
    private static final long TIMEOUT_S = 60;

    private static Map<String, String> answers;

    @BeforeAll
    static void askTheCompiler() throws IOException, InterruptedException {
        assumeTrue(Files.isReadable(Path.of("/usr/include/linux/kvm.h")), "<linux/kvm.h> is not installed");
        Path build = Files.createDirectories(Path.of(System.getProperty("oracle.build")));
        Files.writeString(build.resolve("oracle_list.h"), list());
        Path program = build.resolve("oracle");
        run(build.resolve("gcc.log"), "gcc", "-Wall", "-I", build.toString(), "-o", program.toString(),
                System.getProperty("oracle.source"));
        answers = new TreeMap<>();
        for (String line : run(build.resolve("oracle.txt"), program.toString())) {
            int space = line.lastIndexOf(' ');
            answers.put(line.substring(0, space), line.substring(space + 1));
        }
    }

    /// The questions, one macro each.
    private static String list() {
        StringBuilder list = new StringBuilder();
        Declared.structs().forEach((name, layout) -> {
            list.append("STRUCT(%s)\n".formatted(name));
            for (Declared.Member member : Declared.members(layout)) {
                list.append("OFFSET(%s, %s)\n".formatted(name, member.path()));
                if (member.byteSize() > 0) {
                    list.append("SIZE(%s, %s)\n".formatted(name, member.path()));
                }
            }
        });
        for (String name : Declared.constants().keySet()) {
            list.append("#ifdef %1$s\nCONSTANT(%1$s)\n#else\nABSENT(%1$s)\n#endif\n".formatted(name));
        }
        return list.toString();
    }

    private static List<String> run(Path output, String... command) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        } catch (IOException e) {
            return abort(command[0] + " does not run here: " + e.getMessage());
        }
        if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        String text = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(text).isZero();
        return text.lines().toList();
    }

    @Test
    void everyStructHasTheSizeAndTheOffsetsOfTheHeader() {
        Map<String, String> ours = new TreeMap<>();
        Declared.structs().forEach((name, layout) -> {
            ours.put("sizeof(" + name + ")", Long.toString(layout.byteSize()));
            for (Declared.Member member : Declared.members(layout)) {
                ours.put("offsetof(" + name + "," + member.path() + ")", Long.toString(member.offset()));
                if (member.byteSize() > 0) {
                    ours.put("sizeof(" + name + "," + member.path() + ")", Long.toString(member.byteSize()));
                }
            }
        });
        Map<String, String> theirs = new TreeMap<>(answers);
        theirs.keySet().removeIf(key -> !key.startsWith("sizeof") && !key.startsWith("offsetof"));
        assertThat(theirs).isEqualTo(ours);
        assertThat(ours).containsKeys("sizeof(kvm_run)", "offsetof(kvm_run,mmio.len)", "sizeof(kvm_sregs,cs.dpl)",
                "offsetof(kvm_msrs,entries)", "sizeof(sigevent)");
    }

    @Test
    void everyConstantHasTheValueOfTheHeader() {
        Map<String, String> ours = new TreeMap<>();
        Map<String, String> theirs = new TreeMap<>();
        boolean mayLack = Long.parseLong(answers.get("LINUX_VERSION_CODE")) < LINUX_6_1;
        Declared.constants().forEach((name, value) -> {
            if (!(mayLack || NEWER.contains(name)) || !answers.get(name).equals("absent")) {
                ours.put(name, Long.toString(value));
                theirs.put(name, answers.get(name));
            }
        });
        assertThat(theirs).isEqualTo(ours);
        assertThat(ours).containsKeys("KVM_RUN", "KVM_CAP_SYNC_REGS", "KVM_EXIT_MMIO", "EINTR", "MADV_POPULATE_WRITE");
    }

    @Test
    void everyErrorNumberHasTheNameThatLibcGivesIt() {
        for (int number = 1; number < 200; number++) {
            String name = answers.getOrDefault("errno(" + number + ")", "errno " + number);
            assertThat(Errno.name(number)).isEqualTo(name);
        }
    }
}
