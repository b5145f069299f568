package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/// What no compiler looks at: that files and methods stay short, that each package says what it is, that nothing is left
/// for later.
class SourcesTest {
    private static final int MAX_FILE_LINES = 400;
    /// The habit is 30; a switch that is one screen long may have more.
    private static final int MAX_METHOD_LINES = 60;
    private static final int MIN_DOC_LINES = 3;

    private static List<Path> sources(String kind) throws IOException {
        try (Stream<Path> files = Files.walk(Host.root())) {
            return files.filter(file -> file.toString().contains("/src/" + kind + "/java/"))
                    .filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !file.toString().contains("/target/"))
                    .sorted().toList();
        }
    }

    private static String shown(Path file) {
        return Host.root().relativize(file).toString();
    }

    @Test
    void noFileIsTooLong() throws IOException {
        List<String> tooLong = new ArrayList<>();
        for (String kind : List.of("main", "test")) {
            for (Path file : sources(kind)) {
                int lines = Files.readAllLines(file).size();
                if (lines > MAX_FILE_LINES) {
                    tooLong.add(shown(file) + ": " + lines + " lines");
                }
            }
        }
        assertThat(tooLong).isEmpty();
    }

    @Test
    void everyPackageSaysWhatItIs() throws IOException {
        TreeSet<String> silent = new TreeSet<>();
        for (Path file : sources("main")) {
            if (file.endsWith("module-info.java")) {
                continue;
            }
            Path info = file.resolveSibling("package-info.java");
            if (!Files.exists(info)) {
                silent.add(shown(file.getParent()) + " has no package-info.java");
            } else if (Files.readAllLines(info).stream().filter(line -> line.startsWith("///")).count() < MIN_DOC_LINES) {
                silent.add(shown(info) + " says too little");
            }
        }
        assertThat(silent).isEmpty();
    }

    @Test
    void nothingIsLeftForLater() throws IOException {
        List<String> unfinished = new ArrayList<>();
        for (Path file : sources("main")) {
            int number = 0;
            for (String line : Files.readAllLines(file)) {
                number++;
                if (line.matches(".*\\b(TODO|FIXME|XXX|@author)\\b.*")) {
                    unfinished.add(shown(file) + ":" + number + ": " + line.strip());
                }
            }
        }
        assertThat(unfinished).isEmpty();
    }

    @Test
    void noMethodIsTooLong() throws IOException {
        assertThat(methodsLongerThan(MAX_METHOD_LINES)).isEmpty();
    }

    /// Methods of all modules with more lines than `limit`, from their name to their closing brace.
    private static List<String> methodsLongerThan(int limit) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> found = new ArrayList<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(null, files, _ -> { }, List.of("-proc:none"), null,
                    files.getJavaFileObjectsFromPaths(sources("main")));
            SourcePositions positions = Trees.instance(task).getSourcePositions();
            for (CompilationUnitTree unit : task.parse()) {
                new LongMethods(unit, positions, limit, found).scan(unit, null);
            }
        }
        return found;
    }

    private static final class LongMethods extends TreeScanner<Void, Void> {
        private final CompilationUnitTree unit;
        private final SourcePositions positions;
        private final int limit;
        private final List<String> found;
        private String className = "";

        LongMethods(CompilationUnitTree unit, SourcePositions positions, int limit, List<String> found) {
            this.unit = unit;
            this.positions = positions;
            this.limit = limit;
            this.found = found;
        }

        @Override
        public Void visitClass(ClassTree type, Void nothing) {
            String outer = className;
            className = outer.isEmpty() ? type.getSimpleName().toString() : outer + "." + type.getSimpleName();
            super.visitClass(type, nothing);
            className = outer;
            return null;
        }

        @Override
        public Void visitMethod(MethodTree method, Void nothing) {
            if (method.getBody() != null) {
                LineMap lines = unit.getLineMap();
                long length = lines.getLineNumber(positions.getEndPosition(unit, method.getBody()))
                        - lines.getLineNumber(positions.getStartPosition(unit, method.getBody())) + 1;
                if (length > limit) {
                    found.add(className + "." + method.getName() + ": " + length + " lines");
                }
            }
            return super.visitMethod(method, nothing);
        }
    }
}
