package xenolith.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.StructLayout;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Layouts against those that jextract makes of `<linux/kvm.h>`. Runs with `-Pjextract -Djextract=/path/to/jextract`.
class JextractTest {
    @Test
    void everyKvmStructHasTheLayoutThatJextractMakesOfTheHeader() throws Exception {
        String sources = System.getProperty("jextract.sources");
        assumeTrue(sources != null, "the profile jextract is off");
        Path classes = compile(Path.of(sources));
        Map<String, Long> ours = new TreeMap<>();
        Map<String, Long> theirs = new TreeMap<>();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
            for (Map.Entry<String, StructLayout> struct : kvmStructs().entrySet()) {
                GroupLayout generated = (GroupLayout) loader.loadClass("xenolith.jextract." + struct.getKey())
                        .getMethod("layout").invoke(null);
                ours.put(struct.getKey(), struct.getValue().byteSize());
                theirs.put(struct.getKey(), generated.byteSize());
                for (Declared.Member member : Declared.members(struct.getValue())) {
                    ours.put(struct.getKey() + "." + member.path(), member.offset());
                    theirs.put(struct.getKey() + "." + member.path(), offset(generated, member.path()));
                }
            }
        }
        assertThat(theirs).isEqualTo(ours);
        assertThat(ours).containsKey("kvm_run.mmio.len");
    }

    private static Map<String, StructLayout> kvmStructs() {
        Map<String, StructLayout> structs = Declared.structs();
        structs.keySet().removeIf(name -> !name.startsWith("kvm_"));
        return structs;
    }

    /// Apart from the build's own compilation, which would take the generated code's warnings for errors.
    private static Path compile(Path sources) throws IOException, InterruptedException {
        Path classes = Files.createDirectories(sources.resolveSibling("jextract-classes"));
        Path javac = Path.of(System.getProperty("java.home"), "bin", "javac");
        List<String> command = new ArrayList<>(List.of(javac.toString(), "-nowarn", "-d", classes.toString()));
        try (Stream<Path> files = Files.walk(sources)) {
            files.map(Path::toString).filter(name -> name.endsWith(".java")).forEach(command::add);
        }
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor()).as("javac over what jextract generated").isZero();
        return classes;
    }

    /// Where a C path lies in a generated layout, or -1.
    private static long offset(GroupLayout group, String path) {
        int dot = path.indexOf('.');
        String name = (dot < 0 ? path : path.substring(0, dot)).replace("[0]", "");
        long at = 0;
        for (MemoryLayout member : group.memberLayouts()) {
            String memberName = member.name().orElse("");
            if (memberName.equals(name)) {
                return dot < 0 ? at : at + offset(element(member), path.substring(dot + 1));
            }
            if (memberName.startsWith("$anon$")) {
                long inner = offset((GroupLayout) member, path);
                if (inner >= 0) {
                    return at + inner;
                }
            }
            at += group instanceof StructLayout ? member.byteSize() : 0;
        }
        return -1;
    }

    private static GroupLayout element(MemoryLayout member) {
        return (GroupLayout) (member instanceof SequenceLayout sequence ? sequence.elementLayout() : member);
    }
}
