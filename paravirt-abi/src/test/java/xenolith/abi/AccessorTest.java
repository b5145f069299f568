package xenolith.abi;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import xenolith.abi.Structs.Member;
import xenolith.abi.Structs.Struct;

/// Every plain setter writes the field that it is named after, all of it and nothing else, and its getter reads it.
class AccessorTest {
    /// Not 0, so that an accessor that forgets its base is found out.
    private static final long BASE = 64;
    private static final long ALL_ONES = -1;

    @TestFactory
    Stream<DynamicTest> aSetterWritesTheFieldOfItsName() {
        return setters().map(a -> DynamicTest.dynamicTest(a.toString(), () -> check(a)));
    }

    private record Accessor(Struct struct, Method setter) {
        boolean isIndexed() {
            return setter.getParameterCount() == 4;
        }

        Class<?> valueType() {
            return setter.getParameterTypes()[setter.getParameterCount() - 1];
        }

        @Override
        public String toString() {
            return struct.owner().getSimpleName() + "." + setter.getName();
        }
    }

    private static Stream<Accessor> setters() {
        return Structs.all().stream()
                .filter(s -> Modifier.isPublic(s.owner().getModifiers()))
                .flatMap(s -> Arrays.stream(s.owner().getDeclaredMethods())
                        .filter(m -> Modifier.isPublic(m.getModifiers()) && m.getReturnType() == void.class)
                        .map(m -> new Accessor(s, m)))
                .filter(a -> a.valueType() != String.class);
    }

    private static void check(Accessor accessor) throws ReflectiveOperationException {
        Member member = memberOf(accessor).orElseThrow();
        int index = accessor.isIndexed() ? 1 : 0;
        long size = member.layout() instanceof SequenceLayout array
                ? array.elementLayout().byteSize() : member.layout().byteSize();
        long offset = BASE + member.offset() + index * size;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment page = arena.allocate(8192, 4096);
            List<Object> arguments = new ArrayList<>(List.of(page, BASE));
            if (accessor.isIndexed()) {
                arguments.add(index);
            }
            Method getter = getter(accessor);
            assertThat(getter.invoke(null, arguments.toArray())).as("fresh").isEqualTo(value(accessor, 0));
            arguments.add(value(accessor, ALL_ONES));
            accessor.setter().invoke(null, arguments.toArray());
            for (long at = 0; at < page.byteSize(); at++) {
                boolean inside = at >= offset && at < offset + size;
                assertThat(page.get(ValueLayout.JAVA_BYTE, at)).as("byte %d", at).isEqualTo((byte) (inside ? -1 : 0));
            }
            arguments.removeLast();
            long read = ((Number) getter.invoke(null, arguments.toArray())).longValue();
            assertThat(size == 8 ? read : read & (1L << 8 * size) - 1).isEqualTo(size == 8 ? -1 : (1L << 8 * size) - 1);
        }
    }

    private static Object value(Accessor accessor, long value) {
        return accessor.valueType() == int.class ? (Object) (int) value : (Object) value;
    }

    private static Method getter(Accessor accessor) throws NoSuchMethodException {
        Class<?>[] types = accessor.setter().getParameterTypes();
        return accessor.struct().owner().getMethod(accessor.setter().getName().replaceAll("(Release|Opaque)$", ""),
                Arrays.copyOf(types, types.length - 1));
    }

    /// The field with the shortest path whose name, with or without the names around it, is the accessor's.
    private static Optional<Member> memberOf(Accessor accessor) {
        String name = accessor.setter().getName().replaceAll("(Release|Opaque)$", "");
        return accessor.struct().members().stream()
                .filter(m -> names(m.path()).contains(name))
                .min(Comparator.comparingInt(m -> m.path().size()));
    }

    private static List<String> names(List<String> path) {
        List<String> names = new ArrayList<>(List.of(path.getLast()));
        for (String outer : path.subList(0, path.size() - 1)) {
            names.add(outer + "_" + path.getLast());
        }
        return names.stream().map(AccessorTest::camel).toList();
    }

    private static String camel(String name) {
        StringBuilder result = new StringBuilder();
        for (String word : name.replaceAll("^_+", "").split("_+")) {
            boolean first = result.isEmpty();
            result.append(first ? word.substring(0, 1) : word.substring(0, 1).toUpperCase(Locale.ROOT));
            result.append(word.substring(1));
        }
        return result.toString();
    }
}
