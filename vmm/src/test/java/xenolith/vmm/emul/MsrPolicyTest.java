package xenolith.vmm.emul;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class MsrPolicyTest {
    private final FakeState state = new FakeState();

    @Test
    void everyRegisterThatLinuxNeedsReadsWhatXenShows() {
        assertThat(MsrPolicy.read(0xc0000080, state)).isEqualTo(0xd01);
        assertThat(MsrPolicy.read(0x277, state)).isEqualTo(0x050100070406L);
        assertThat(MsrPolicy.read(0x1b, state)).isEqualTo(0xfee00900L);
        assertThat(MsrPolicy.read(0x10, state)).isEqualTo(state.tsc());
        assertThat(MsrPolicy.read(0xc0010015, state)).isEqualTo(1 << 24);
        state.vcpuId = 1;
        assertThat(MsrPolicy.read(0x1b, state)).isEqualTo(0xfee00800L);
    }

    @Test
    void registersThatOnlyReportReadAsZero() {
        for (int msr : new int[] {0x10a, 0x48, 0x17, 0x8b, 0xce, 0x140, 0xc0010010, 0xc001001d, 0xc0011020}) {
            assertThat(MsrPolicy.isReadable(msr)).as("0x%x", msr).isTrue();
            assertThat(MsrPolicy.read(msr, state)).as("0x%x", msr).isZero();
        }
    }

    @Test
    void aConstantTakesOnlyItsOwnValue() {
        assertThat(MsrPolicy.write(0xc0000080, 0xd01, state)).isTrue();
        assertThat(MsrPolicy.write(0xc0000080, 0xd00, state)).isFalse();
        assertThat(MsrPolicy.write(0x277, 0x0007040600070406L, state)).isFalse();
    }

    @Test
    void microcodeRevisionIsClearedBeforeItIsRead() {
        assertThat(MsrPolicy.write(0x8b, 0, state)).isTrue();
    }

    @Test
    void commandsCannotBeRead() {
        assertThat(MsrPolicy.isReadable(0x49)).isFalse();
        assertThat(MsrPolicy.write(0x49, 1, state)).isTrue();
    }

    @Test
    void basesMustBeCanonical() {
        for (int msr : new int[] {0xc0000100, 0xc0000101, 0xc0000102}) {
            assertThat(MsrPolicy.write(msr, 0x7fff_ffff_f000L, state)).isTrue();
            assertThat(MsrPolicy.write(msr, 0x8000_0000_0000L, state)).isFalse();
            assertThat(MsrPolicy.read(msr, state)).isEqualTo(0x7fff_ffff_f000L);
        }
    }

    @Test
    void theAuxiliaryRegisterHasThirtyTwoBits() {
        assertThat(MsrPolicy.write(0xc0000103, 0x1_0000_0000L, state)).isFalse();
        assertThat(MsrPolicy.write(0xc0000103, 0xffff_ffffL, state)).isTrue();
        assertThat(MsrPolicy.read(0xc0000103, state)).isEqualTo(0xffff_ffffL);
    }

    @Test
    void theCounterAndTheApicCannotBeMoved() {
        assertThat(MsrPolicy.write(0x10, 0, state)).isFalse();
        assertThat(MsrPolicy.write(0x1b, 0xfee00900L, state)).isFalse();
    }

    /// Registers that Linux must believe absent, and the hypervisor's and KVM's own.
    @Test
    void registersThatAreNotEmulatedAreAbsent() {
        for (int msr : new int[] {0xfe, 0x2ff, 0x3a, 0x174, 0x179, 0x1d9, 0x38f, 0xda0, 0xc0000081, 0xc0000082,
            0xc0010140, 0x4b564d00, 0x40000000}) {
            assertThat(MsrPolicy.isReadable(msr)).as("0x%x", msr).isFalse();
            assertThat(MsrPolicy.write(msr, 0, state)).as("0x%x", msr).isFalse();
        }
    }

    @Property
    void anyRegisterAndValueGetAnAnswer(@ForAll int msr, @ForAll long value) {
        boolean written = MsrPolicy.write(msr, value, state);
        assertThat(written && !MsrPolicy.isReadable(msr)).isEqualTo(msr == 0x49 || msr == 0x10b);
        if (!MsrPolicy.isReadable(msr)) {
            assertThat(MsrPolicy.read(msr, state)).isZero();
        }
    }
}
