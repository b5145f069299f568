package xenolith.kvm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.StructLayout;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Everything that the main classes declare about C: named structs and constants. Found by walking the compiled
/// classes, so that no test keeps a list that somebody can forget to extend.
final class Declared {
    /// One member of a struct by its C path (`mmio.len`), in bytes from the start of the struct.
    record Member(String path, long offset, long byteSize) {
    }

    private static final String C_CONSTANT =
            "(KVM|O|POLL|IOCB_FLAG|MAP|PROT|MADV|EFD|MFD|FALLOC_FL|SIG|SIGEV|CLOCK|AT|SEEK|STATX|AF|SOCK|SOL|SO|MSG|SCM|EPOLL|TUN_F)_[A-Z0-9_]+"
                    + "|POLL[A-Z]+|EPOLL[A-Z]+|KVMIO|P_PID|WEXITED|WNOWAIT"
                    + "|TUNSET[A-Z]+|IFF_[A-Z_]+|SIOC[A-Z]+|ARPHRD_[A-Z]+"
                    + "|TC[GS]ETS|TIOC[A-Z]+|BRKINT|PARMRK|ISTRIP|INLCR|IGNCR|ICRNL|IXON"
                    + "|ISIG|ICANON|ECHO|ECHONL|IEXTEN|VTIME|VMIN";

    private Declared() {
    }

    /// Layouts by their C name. A layout without a name is part of another.
    static Map<String, StructLayout> structs() {
        Map<String, StructLayout> structs = new TreeMap<>();
        forEachStaticField(field -> {
            if (field.getType() == StructLayout.class) {
                StructLayout layout = (StructLayout) get(field);
                layout.name().ifPresent(name -> structs.put(name, layout));
            }
        });
        return structs;
    }

    /// Constants that carry a C name, public or not. An `int` counts as unsigned: C's request numbers are.
    static Map<String, Long> constants() {
        Map<String, Long> constants = new TreeMap<>();
        forEachStaticField(field -> {
            boolean number = field.getType() == int.class || field.getType() == long.class
                    || field.getType() == short.class;
            boolean errno = field.getDeclaringClass().getSimpleName().equals("Errno");
            if (number && (errno || field.getName().matches(C_CONSTANT))) {
                long value = ((Number) get(field)).longValue();
                constants.put(field.getName(), field.getType() == long.class ? value : value & 0xffff_ffffL);
            }
        });
        return constants;
    }

    /// All members at every depth, without padding. Members of a group in parentheses count as the outer group's, as
    /// those of an anonymous union do in C.
    static List<Member> members(StructLayout struct) {
        List<Member> members = new ArrayList<>();
        walk(struct, "", 0, members);
        return members;
    }

    private static void walk(GroupLayout group, String prefix, long base, List<Member> members) {
        long offset = base;
        for (MemoryLayout member : group.memberLayouts()) {
            if (!(member instanceof PaddingLayout)) {
                add(member, prefix, offset, members);
            }
            offset += group instanceof StructLayout ? member.byteSize() : 0;
        }
    }

    private static void add(MemoryLayout member, String prefix, long offset, List<Member> members) {
        String name = member.name().orElseThrow(() -> new AssertionError("a member of " + prefix + " has no name"));
        boolean anonymous = name.startsWith("(");
        String path = anonymous ? prefix : prefix + name;
        if (!anonymous) {
            members.add(new Member(path, offset, member.byteSize()));
        }
        if (member instanceof GroupLayout group) {
            walk(group, anonymous ? prefix : path + ".", offset, members);
        } else if (member instanceof SequenceLayout sequence && sequence.elementLayout() instanceof GroupLayout group
                && sequence.elementCount() > 0) {
            walk(group, path + "[0].", offset, members);
        }
    }

    private static void forEachStaticField(Consumer<Field> action) {
        for (Class<?> type : classes()) {
            for (Field field : type.getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers())) {
                    action.accept(field);
                }
            }
        }
    }

    private static Object get(Field field) {
        try {
            field.setAccessible(true);
            return field.get(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError(field.toString(), e);
        }
    }

    /// The classes of the module under test: those that lie beside [Kvm].
    private static List<Class<?>> classes() {
        try {
            Path root = Path.of(Kvm.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            try (Stream<Path> files = Files.walk(root.resolve("xenolith"))) {
                return files.map(root::relativize).map(Path::toString)
                        .filter(name -> name.endsWith(".class") && !name.contains("package-info"))
                        .<Class<?>>map(Declared::load).toList();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static Class<?> load(String file) {
        try {
            String name = file.substring(0, file.length() - ".class".length()).replace('/', '.');
            return Class.forName(name, false, Declared.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new AssertionError(file, e);
        }
    }
}
