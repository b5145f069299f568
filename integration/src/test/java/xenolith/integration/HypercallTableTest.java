package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import xenolith.abi.HypercallNumber;

/// docs/hypercalls.md names every hypercall, and tests that exist.
class HypercallTableTest {
    /// What the names of sub-operations begin with, as the classes of `xenolith.abi` have them.
    private static final Set<String> OPERATIONS = Set.of("MMU_NORMAL", "MMU_PT_UPDATE", "MMU_MACHPHYS", "MMUEXT_",
            "XENMEM_", "GNTTABOP_", "EVTCHNOP_", "SCHEDOP_", "SHUTDOWN_", "VCPUOP_", "XENVER_", "CONSOLEIO_",
            "CALLBACKOP_", "CALLBACKTYPE_", "VMASST_", "SEGBASE_", "PHYSDEVOP_", "XENNMI_");
    /// More that only the headers have.
    private static final Set<String> REFUSED = Set.of("XENPF_", "XEN_SYSCTL_", "XEN_DOMCTL_", "XEN_DMOP_", "KEXEC_CMD_",
            "XEN_HYPFS_OP_", "XEN_MC_", "XENPMU_", "FLASK_", "XEN_ARGO_OP_", "TMEM_", "XENOPROF_", "HVMOP_");
    private static final String NUMBER = "__HYPERVISOR_[a-z]\\w*";
    private static final Path HEADERS = Path.of("/usr/include/xen");
    /// An alias, whose value is another name, needs no row.
    private static final Pattern DEFINE = Pattern.compile("#define\\s+(\\w+)\\s+(\\d+|0x[0-9a-fA-F]+)\\b.*");
    private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");
    private static final Pattern TEST_NAME = Pattern.compile("`(\\w+)#(\\w+)`");

    private record Row(String text, List<String> names, List<String> tests) {
    }

    private static final List<Row> ROWS = new ArrayList<>();

    @BeforeAll
    static void readThePage() throws IOException {
        ROWS.clear();
        for (String line : Files.readAllLines(page())) {
            if (line.startsWith("| `")) {
                String[] cells = line.substring(1).split("\\|");
                assertThat(cells).as(line).hasSize(3).allSatisfy(cell -> assertThat(cell).isNotBlank());
                ROWS.add(new Row(line, quoted(cells[0]), quoted(cells[2])));
            }
        }
        assertThat(ROWS).hasSizeGreaterThan(80);
    }

    private static Path page() {
        return Host.root().resolve("docs/hypercalls.md");
    }

    private static List<String> quoted(String cell) {
        return QUOTED.matcher(cell).results().map(found -> found.group(1)).toList();
    }

    private static boolean isNamed(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        return ROWS.stream().flatMap(row -> row.names().stream()).map(known -> known.toLowerCase(Locale.ROOT))
                .anyMatch(known -> known.endsWith("*") ? wanted.startsWith(known.substring(0, known.length() - 1))
                        : wanted.equals(known));
    }

    private static boolean beginsWithOneOf(String name, Set<String> prefixes) {
        return prefixes.stream().anyMatch(name::startsWith);
    }

    @Test
    void everyConstantThatTheCodeKnowsHasARow() {
        List<String> missing = new ArrayList<>();
        int seen = 0;
        for (JavaClass type : new ClassFileImporter().importPackages("xenolith.abi")) {
            boolean isNumber = type.isEquivalentTo(HypercallNumber.class);
            for (JavaField field : type.getFields()) {
                if (field.getModifiers().contains(JavaModifier.PUBLIC)
                        && (isNumber || beginsWithOneOf(field.getName(), OPERATIONS))) {
                    seen++;
                    if (!isNamed(field.getName())) {
                        missing.add(type.getSimpleName() + "." + field.getName());
                    }
                }
            }
        }
        assertThat(seen).isGreaterThan(200);
        assertThat(missing).isEmpty();
    }

    @Test
    void everyNumberOfTheInstalledHeadersHasARow() throws IOException {
        assumeTrue(Files.isDirectory(HEADERS), "Xen's headers (libxen-dev) are not installed");
        List<String> missing = new ArrayList<>();
        try (Stream<Path> files = Files.walk(HEADERS)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".h") && !f.toString().contains("arm")).toList()) {
                for (String line : Files.readAllLines(file)) {
                    Matcher define = DEFINE.matcher(line);
                    if (define.matches() && isOperation(define.group(1))
                            && !isNamed(define.group(1).replace("__HYPERVISOR_", ""))) {
                        missing.add(file + ": " + define.group(1));
                    }
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    private static boolean isOperation(String name) {
        return beginsWithOneOf(name, OPERATIONS) || beginsWithOneOf(name, REFUSED) || name.matches(NUMBER);
    }

    @Test
    void noRowStandsTwice() {
        List<String> names = ROWS.stream().flatMap(row -> row.names().stream()).filter(name -> !name.endsWith(".h"))
                .toList();
        assertThat(names).doesNotHaveDuplicates();
    }

    @Test
    void everyRowNamesTestsThatExist() throws IOException {
        Map<String, String> sources = testSources();
        List<String> wrong = new ArrayList<>();
        for (Row row : ROWS) {
            if (row.tests().isEmpty()) {
                wrong.add("no test: " + row.text());
            }
        }
        for (String line : Files.readAllLines(page())) {
            for (Matcher test = TEST_NAME.matcher(line); test.find();) {
                String source = sources.getOrDefault(test.group(1), "");
                if (!Pattern.compile("\\bvoid " + test.group(2) + "\\(").matcher(source).find()) {
                    wrong.add("no such test: " + test.group());
                }
            }
        }
        assertThat(new TreeSet<>(wrong)).isEmpty();
    }

    private static Map<String, String> testSources() throws IOException {
        Map<String, String> sources = new HashMap<>();
        try (Stream<Path> files = Files.walk(Host.root())) {
            for (Path file : files.filter(f -> f.toString().contains("/src/test/java/")
                    && f.toString().endsWith(".java")).toList()) {
                sources.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
            }
        }
        return sources;
    }
}
