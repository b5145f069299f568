package xenolith.abi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.UnionLayout;
import java.lang.reflect.Field;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// Finds every layout of this module in its compiled classes, so that no test has a list to forget one from.
final class Structs {
    private Structs() {
    }

    /// A class and the layout that it declares.
    record Struct(Class<?> owner, GroupLayout layout) {
        String tag() {
            return layout.name().orElseThrow();
        }

        /// What C calls the type.
        String cType() {
            if (tag().startsWith("Elf64_")) {
                return tag();
            }
            return (layout instanceof UnionLayout ? "union " : "struct ") + tag();
        }

        List<Member> members() {
            List<Member> members = new ArrayList<>();
            collect(layout, List.of(), members);
            return members;
        }

        private void collect(GroupLayout group, List<String> outer, List<Member> members) {
            for (MemoryLayout member : group.memberLayouts()) {
                if (member instanceof PaddingLayout) {
                    continue;
                }
                List<String> path = Stream.concat(outer.stream(), member.name().stream()).toList();
                PathElement[] elements = path.stream().map(PathElement::groupElement).toArray(PathElement[]::new);
                members.add(new Member(path, layout.byteOffset(elements), member));
                if (member instanceof GroupLayout inner) {
                    collect(inner, path, members);
                }
            }
        }
    }

    /// A field, or a field of a field, of a struct.
    record Member(List<String> path, long offset, MemoryLayout layout) {
        String dotted() {
            return String.join(".", path);
        }
    }

    /// All structs, by tag; a struct that stands inside others appears once, under its own class.
    static List<Struct> all() {
        return classes().stream()
                .flatMap(owner -> Arrays.stream(owner.getDeclaredFields())
                        .filter(f -> f.getName().equals("LAYOUT"))
                        .map(f -> new Struct(owner, (GroupLayout) value(f))))
                .sorted(Comparator.comparing(Struct::tag))
                .toList();
    }

    /// All classes of this module, the tests' own excepted.
    static List<Class<?>> classes() {
        try {
            Path root = Path.of(XenErrno.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            try (Stream<Path> files = Files.walk(root)) {
                return files.map(f -> root.relativize(f).toString())
                        .filter(f -> f.endsWith(".class") && !f.contains("-info"))
                        .map(f -> f.substring(0, f.length() - ".class".length()).replace('/', '.'))
                        .sorted()
                        .<Class<?>>map(Structs::load)
                        .toList();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static Object value(Field field) {
        try {
            field.setAccessible(true);
            return field.get(null);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
