package xenolith.abi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.abi.io.IoProtocol;
import xenolith.abi.io.XenbusState;

/// Compares every layout and every constant with what gcc makes of the distribution's headers.
///
/// The C program is written from the Java layouts, so a new field is compared without anybody's doing.
class HeaderOracleTest {
    private static final Path HEADERS = Path.of("/usr/include/xen");
    private static final Pattern DEFINE = Pattern.compile("^#\\s*define\\s+(\\w+)\\s+\\S", Pattern.MULTILINE);

    /// The XEN_ERRNO block comes first: two numbers exist for a hypervisor only, and the whole of the headers does not
    /// compile as one.
    private static final String PROLOGUE = """
            #include <stddef.h>
            #include <stdint.h>
            #include <stdio.h>
            #include <elf.h>
            #include <asm/bootparam.h>
            #define __XEN__
            enum {
            #define XEN_ERRNO(name, value) XEN_##name = value,
            #include <xen/errno.h>
            };
            #undef __XEN__
            #define __XEN_TOOLS__ 1
            #include <xen/xen.h>
            #include <xen/callback.h>
            #include <xen/elfnote.h>
            #include <xen/event_channel.h>
            #include <xen/features.h>
            #include <xen/grant_table.h>
            #include <xen/memory.h>
            #include <xen/physdev.h>
            #include <xen/sched.h>
            #include <xen/vcpu.h>
            #include <xen/version.h>
            #include <string.h>
            #define xen_mb() __sync_synchronize()
            #define xen_rmb() __sync_synchronize()
            #define xen_wmb() __sync_synchronize()
            #include <xen/io/blkif.h>
            #include <xen/io/console.h>
            #include <xen/io/netif.h>
            #include <xen/io/protocols.h>
            #include <xen/io/xenbus.h>
            #include <xen/io/xs_wire.h>
            int main(void) {
                puts("name,offset,size");
            """;

    /// Constants of our own: no header has a word for them.
    private static final Set<String> OURS = Set.of("GuestContext.GDT_FRAME_COUNT", "XenMmu.MMU_COMMAND_MASK",
            "XenTrapInfo.FLAGS_DPL_MASK", "XenTrapInfo.FLAGS_MASK_EVENTS", "XenTrapInfo.VECTOR_COUNT",
            "Mfn.INVALID", "Pfn.INVALID", "ElfImage.MAX_PROGRAM_HEADERS", "ElfImage.MAX_SECTIONS",
            "ElfImage.MAX_NOTES", "ProgramHeader.FLAG_EXECUTE", "ProgramHeader.FLAG_WRITE",
            "ProgramHeader.FLAG_READ", "ConsoleRing.IN_SIZE", "ConsoleRing.OUT_SIZE");
    /// Classes whose constants are the processor's or the PC's, not Xen's.
    private static final Set<String> HARDWARE = Set.of("Pte", "SegmentDescriptor", "TrapVector", "E820Entry",
            "VirtualLayout");

    @TempDir
    private Path directory;

    @Test
    void everySizeAndOffsetIsTheCompilers() throws Exception {
        StringBuilder program = new StringBuilder(PROLOGUE);
        for (Structs.Struct struct : Structs.all()) {
            String type = struct.cType();
            print(program, "%s,0,%%zu".formatted(struct.tag()), "sizeof(%s)".formatted(type));
            for (Structs.Member member : struct.members()) {
                print(program, "%s.%s,%%zu,%%zu".formatted(struct.tag(), member.dotted()),
                        "offsetof(%s, %s), sizeof(((%s *)0)->%s)"
                                .formatted(type, member.dotted(), type, member.dotted()));
            }
        }
        assertThat(GoldenLayoutTest.lines()).isEqualTo(run(program));
    }

    @Test
    void everyConstantIsTheHeaders() throws Exception {
        Map<String, String> expected = new TreeMap<>();
        StringBuilder program = new StringBuilder(PROLOGUE);
        Map<String, String> macros = macros();
        Set<String> unknown = new TreeSet<>();
        for (Field field : constants()) {
            String name = field.getDeclaringClass().getSimpleName() + "." + field.getName();
            String macro = cName(field, macros);
            if (macro != null) {
                boolean isInt = field.getType() == int.class;
                print(program, name + ",%lld", (isInt ? "(long long)(int)(" : "(long long)(") + macro + ")");
                expected.put(name, name + "," + Structs.value(field));
            } else if (!HARDWARE.contains(field.getDeclaringClass().getSimpleName())) {
                unknown.add(name);
            }
        }
        List<String> actual = run(program);
        assertThat(unknown).isEqualTo(new TreeSet<>(OURS));
        assertThat(actual).hasSizeGreaterThan(300).containsAll(expected.values());
    }

    @Test
    void deviceStatesHaveTheHeadersNumbers() throws Exception {
        StringBuilder program = new StringBuilder(PROLOGUE);
        List<String> expected = new ArrayList<>(List.of("name,offset,size"));
        for (XenbusState state : XenbusState.values()) {
            String name = camel(state.name());
            print(program, name + ",%d", "XenbusState" + name);
            expected.add(name + "," + state.value());
        }
        assertThat(run(program)).isEqualTo(expected);
    }

    @Test
    void ringFormatsHaveTheHeadersNames() throws Exception {
        StringBuilder program = new StringBuilder(PROLOGUE);
        print(program, "%s %s %s", "XEN_IO_PROTO_ABI_X86_32, XEN_IO_PROTO_ABI_X86_64, XEN_IO_PROTO_ABI_NATIVE");
        assertThat(run(program)).endsWith(String.join(" ", IoProtocol.XEN_IO_PROTO_ABI_X86_32,
                IoProtocol.XEN_IO_PROTO_ABI_X86_64, IoProtocol.XEN_IO_PROTO_ABI_NATIVE));
    }

    @Test
    void theFlatDescriptorsFitTheirSelectors() throws Exception {
        StringBuilder program = new StringBuilder(PROLOGUE);
        print(program, "%d", "FIRST_RESERVED_GDT_ENTRY <= FLAT_RING3_CS32 >> 3");
        assertThat(run(program)).endsWith("1");
    }

    private static void print(StringBuilder program, String format, String arguments) {
        program.append("    printf(\"%s\\n\", %s);\n".formatted(format, arguments));
    }

    /// The C word for a Java constant: its own name, in whatever case, or with the prefix that Java drops.
    private static String cName(Field field, Map<String, String> macros) {
        return switch (field.getDeclaringClass().getSimpleName()) {
            case "HypercallNumber" -> macros.get("__HYPERVISOR_" + field.getName());
            case "XenErrno" -> "XEN_" + field.getName();
            case "XsWire" -> field.getName();
            default -> macros.get(field.getName());
        };
    }

    private static List<Field> constants() {
        return Structs.classes().stream()
                .filter(c -> Modifier.isPublic(c.getModifiers()))
                .flatMap(c -> Stream.of(c.getDeclaredFields()))
                .filter(f -> Modifier.isStatic(f.getModifiers()) && Modifier.isPublic(f.getModifiers()))
                .filter(f -> f.getType() == int.class || f.getType() == long.class)
                .filter(f -> !f.getName().endsWith("SIZEOF") && !f.getName().endsWith("_OFFSET"))
                .toList();
    }

    /// All macros of Xen's and ELF's headers, by their names in capitals.
    private static Map<String, String> macros() throws IOException {
        assumeHeaders();
        Map<String, String> macros = new TreeMap<>();
        try (Stream<Path> files = Stream.concat(Files.walk(HEADERS), Stream.of(Path.of("/usr/include/elf.h")))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".h") && !isForeign(f)).toList()) {
                Matcher matcher = DEFINE.matcher(Files.readString(file));
                while (matcher.find()) {
                    macros.putIfAbsent(matcher.group(1).toUpperCase(Locale.ROOT), matcher.group(1));
                }
            }
        }
        return macros;
    }

    private static boolean isForeign(Path file) {
        return Stream.of("arm", "x86_32", "foreign", "hvm", "sys").anyMatch(file.toString()::contains);
    }

    private List<String> run(StringBuilder program) throws Exception {
        assumeHeaders();
        Path source = directory.resolve("oracle.c");
        Path binary = directory.resolve("oracle");
        Files.writeString(source, program.append("    return 0;\n}\n"));
        Gcc.compile(directory, "-std=gnu11", "-o", binary.toString(), source.toString());
        return Gcc.output(directory, binary.toString());
    }

    private static void assumeHeaders() {
        assumeTrue(Files.exists(HEADERS.resolve("xen.h")), "Xen's headers are not installed (libxen-dev)");
        assumeTrue(Gcc.exists(), "gcc is not installed");
    }

    private static String camel(String name) {
        StringBuilder result = new StringBuilder();
        for (String word : name.split("_")) {
            result.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
        }
        return result.toString();
    }
}
