package xenolith.integration;

import static com.tngtech.archunit.core.domain.JavaModifier.FINAL;
import static com.tngtech.archunit.core.domain.JavaModifier.SYNTHETIC;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The walls of docs/architecture.md, read from the compiled classes of all modules.
class ArchitectureTest {
    /// The JDK's restricted methods (`@Restricted`) that native code could be reached by, as `Class.method`.
    private static final Set<String> RESTRICTED = Set.of(
            "java.lang.foreign.MemorySegment.reinterpret",
            "java.lang.foreign.AddressLayout.withTargetLayout",
            "java.lang.foreign.Linker.downcallHandle",
            "java.lang.foreign.Linker.upcallStub",
            "java.lang.foreign.SymbolLookup.libraryLookup",
            "java.lang.System.load",
            "java.lang.System.loadLibrary",
            "java.lang.Runtime.load",
            "java.lang.Runtime.loadLibrary");

    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("xenolith");
        assertThat(classes).hasSizeGreaterThan(50);
    }

    @Test
    void packagesHaveNoCycles() {
        SlicesRuleDefinition.slices().matching("xenolith.(**)").should().beFreeOfCycles().check(classes);
    }

    @Test
    void everyPackageUsesOnlyWhatLiesBelowIt() {
        Map<String, TreeSet<String>> imports = new TreeMap<>();
        for (JavaClass type : classes) {
            TreeSet<String> used = imports.computeIfAbsent(type.getPackageName(), _ -> new TreeSet<>());
            type.getDirectDependenciesFromSelf().forEach(dependency -> {
                String target = dependency.getTargetClass().getBaseComponentType().getPackageName();
                if (target.startsWith("xenolith.")) {
                    used.add(target);
                }
            });
        }
        assertThat(Layers.violations(imports)).isEmpty();
    }

    @Test
    void onlyTheKvmFloorReachesNativeCode() {
        noClasses().that().resideOutsideOfPackages("xenolith.posix", "xenolith.kvm")
                .should().callMethodWhere(new DescribedPredicate<JavaCall<?>>("a restricted method is called") {
                    @Override
                    public boolean test(JavaCall<?> call) {
                        AccessTarget.CodeUnitCallTarget target = call.getTarget();
                        return RESTRICTED.contains(target.getOwner().getName() + "." + target.getName());
                    }
                }).check(classes);
    }

    @Test
    void nothingIsReflected() {
        noClasses().should().dependOnClassesThat().resideInAPackage("java.lang.reflect").check(classes);
    }

    @Test
    void staticStateNeverChanges() {
        fields().that(new DescribedPredicate<JavaField>("are static and written by people") {
            @Override
            public boolean test(JavaField field) {
                return field.getModifiers().contains(com.tngtech.archunit.core.domain.JavaModifier.STATIC)
                        && !field.getModifiers().contains(SYNTHETIC);
            }
        }).should().haveModifier(FINAL).check(classes);
    }

    @Test
    void onlyTheCommandLineEndsTheProcess() {
        noClasses().that().resideOutsideOfPackage("xenolith.tool.cli")
                .should().callMethod(System.class, "exit", int.class)
                .orShould().callMethod(Runtime.class, "exit", int.class)
                .orShould().callMethod(Runtime.class, "halt", int.class).check(classes);
    }
}
