package xenolith.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/// The list of CPUID answers, without KVM.
class CpuidTableTest {
    @Property(tries = 50)
    void aTableSurvivesTheWayThroughNativeMemory(@ForAll @Size(max = 600) int[] values) {
        CpuidTable table = new CpuidTable();
        for (int i = 0; i < values.length; i++) {
            table.add(values[i], i, 1, values[i] + 1, values[i] + 2, values[i] + 3, values[i] + 4);
        }
        try (Arena arena = Arena.ofConfined()) {
            CpuidTable copy = CpuidTable.fromNative(table.toNative(arena));
            assertThat(copy.size()).isEqualTo(values.length);
            for (int i = 0; i < values.length; i++) {
                assertThat(new int[] {copy.function(i), copy.index(i), copy.flags(i), copy.eax(i), copy.ebx(i),
                        copy.ecx(i), copy.edx(i)}).containsExactly(values[i], i, 1, values[i] + 1, values[i] + 2,
                        values[i] + 3, values[i] + 4);
            }
        }
    }

    @Test
    void aTableFromNativeMemoryGrows() {
        try (Arena arena = Arena.ofConfined()) {
            CpuidTable copy = CpuidTable.fromNative(new CpuidTable().toNative(arena));
            for (int i = 0; i < 10; i++) {
                assertThat(copy.add(i, 0, 0, 0, 0, 0, 0)).isEqualTo(i);
            }
            assertThat(copy.size()).isEqualTo(10);
        }
    }

    @Test
    void anEntryWithASignificantIndexAnswersForItsSubleafOnly() {
        CpuidTable table = new CpuidTable();
        table.add(4, 0, CpuidTable.KVM_CPUID_FLAG_SIGNIFCANT_INDEX, 0, 0, 0, 0);
        table.add(4, 1, CpuidTable.KVM_CPUID_FLAG_SIGNIFCANT_INDEX, 0, 0, 0, 0);
        table.add(1, 0, 0, 0, 0, 0, 0);
        assertThat(table.find(4, 1)).isEqualTo(1);
        assertThat(table.find(4, 2)).isEqualTo(CpuidTable.NONE);
        assertThat(table.find(1, 77)).isEqualTo(2);
        assertThat(table.find(2, 0)).isEqualTo(CpuidTable.NONE);
    }

    @Test
    void anEntryBeyondTheEndIsOurMistake() {
        CpuidTable table = new CpuidTable();
        assertThatThrownBy(() -> table.eax(0)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
