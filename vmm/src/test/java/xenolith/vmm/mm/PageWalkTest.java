package xenolith.vmm.mm;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.vmm.mm.TestMachine.P;
import static xenolith.vmm.mm.TestMachine.RW;
import static xenolith.vmm.mm.TestMachine.U;
import static xenolith.vmm.mm.TestMachine.entry;
import static xenolith.vmm.mm.TestMachine.ma;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.vmm.guest.MachineMemory;

class PageWalkTest {
    private static final long NOWHERE = -PageTables.EFAULT;

    private final TestMachine m = new TestMachine();
    private final PageWalk walk = new PageWalk(m.memory);
    private long root;

    /// Slots 1, 2, 3, 4 on the way down: a different one at each level.
    private final long va = 1L << 39 | 2L << 30 | 3L << 21 | 4L << 12 | 0x567;

    @BeforeEach
    void mapOnePage() {
        root = m.one(0);
        m.store(m.one(0), 1, entry(m.one(1), P | RW | U));
        m.store(m.one(1), 2, entry(m.one(2), P | RW | U));
        m.store(m.one(2), 3, entry(m.one(3), P | RW | U));
        m.store(m.one(3), 4, entry(m.one(5), P | RW | U | PteBits.NX));
    }

    @Test
    void anAddressLeadsToItsByteAndItsEntry() {
        assertThat(walk.translate(root, va, false)).isEqualTo((m.one(5) << 12) + 0x567);
        assertThat(walk.translate(root, va, true)).isEqualTo((m.one(5) << 12) + 0x567);
        assertThat(walk.leafEntryMa(root, va)).isEqualTo(ma(m.one(3), 4));
    }

    @Test
    void theEntryOfAnUnmappedPageIsFoundButNoByte() {
        assertThat(walk.leafEntryMa(root, va + 4096)).isEqualTo(ma(m.one(3), 5));
        assertThat(walk.translate(root, va + 4096, false)).isEqualTo(NOWHERE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void rightsCountAtEveryLevel(int depth) {
        int slot = depth + 1;
        long whole = m.load(m.one(depth), slot);

        m.store(m.one(depth), slot, whole & ~RW);
        assertThat(walk.translate(root, va, true)).isEqualTo(NOWHERE);
        assertThat(walk.translate(root, va, false)).isPositive();
        m.store(m.one(depth), slot, whole & ~U);
        assertThat(walk.translate(root, va, false)).isEqualTo(NOWHERE);
        m.store(m.one(depth), slot, whole & ~P);
        assertThat(walk.translate(root, va, false)).isEqualTo(NOWHERE);
        if (depth < 3) {
            assertThat(walk.leafEntryMa(root, va)).isEqualTo(NOWHERE);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 47, 0x0001_0000_0000_0000L, 0xFFFF_7FFF_FFFF_FFFFL, Long.MIN_VALUE})
    void addressesThatAreNotCanonicalLeadNowhere(long bad) {
        assertThat(PageWalk.isGuestAddress(bad)).isFalse();
        assertThat(walk.translate(root, bad, false)).isEqualTo(NOWHERE);
        assertThat(walk.leafEntryMa(root, bad)).isEqualTo(NOWHERE);
    }

    @Test
    void theHypervisorsAddressesLeadNowhereEvenWhereMapped() {
        m.store(m.one(0), 257, entry(m.one(1), P | RW | U));
        long hypervisorVa = 0xFFFF_8080_0000_0000L | va & (1L << 39) - 1;

        assertThat(walk.translate(root, hypervisorVa, false)).isEqualTo(NOWHERE);
        assertThat(walk.leafEntryMa(root, hypervisorVa)).isEqualTo(NOWHERE);
        assertThat(PageWalk.isGuestAddress(0xFFFF_87FF_FFFF_FFFFL)).isFalse();
        assertThat(PageWalk.isGuestAddress(0xFFFF_8800_0000_0000L)).isTrue();
        assertThat(PageWalk.isGuestAddress(-1)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MachineMemory.BASE_MFN - 1, MachineMemory.BASE_MFN + 32, -1})
    void aWildFrameNumberEndsTheWalk(long wild) {
        assertThat(walk.translate(wild, va, false)).isEqualTo(NOWHERE);
        assertThat(walk.leafEntryMa(wild, va)).isEqualTo(NOWHERE);
        m.store(m.one(2), 3, entry(wild & 0xFF_FFFF_FFFFL, P | RW | U));
        assertThat(walk.translate(root, va, false)).isEqualTo(NOWHERE);
        assertThat(walk.leafEntryMa(root, va)).isEqualTo(NOWHERE);
    }
}
