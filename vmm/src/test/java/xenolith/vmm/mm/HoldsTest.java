package xenolith.vmm.mm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static xenolith.vmm.mm.TestMachine.P;
import static xenolith.vmm.mm.TestMachine.RW;
import static xenolith.vmm.mm.TestMachine.entry;
import static xenolith.vmm.mm.TestMachine.ma;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import xenolith.vmm.guest.MachineMemory;

/// Frames lent, held, descriptor tables, given back, and what remains of a dead domain.
class HoldsTest {
    private static final long CODE_RING_0 = 0x00AF_9B00_0000_FFFFL;
    private static final long CODE_RING_3 = 0x00AF_FB00_0000_FFFFL;
    private static final long TSS = 0x0000_8900_0000_0067L;
    private static final long CALL_GATE = 0x0000_8C00_0008_0000L;

    private final TestMachine m = new TestMachine();
    private final PageTables tables = m.dom1;

    @AfterEach
    void countsAgreeWithTheTables() {
        m.assertSound();
    }

    private void assertRefused(long rc, Refusal reason) {
        assertThat(tables.refusals().reason()).isEqualTo(reason);
        assertThat(rc).isEqualTo(reason.negativeErrno()).isNegative();
    }

    /// Takes a frame from domain 1 and lends it back as the hypervisor's.
    private long lent(int i, boolean writable) {
        m.frames.release(m.one(i));
        m.frames.assignShared(m.one(i), TestMachine.DOM1, writable);
        return m.one(i);
    }

    @Test
    void aLentFrameIsMappedButNeverATable() {
        long shared = lent(9, true);
        m.pinChain();

        assertThat(tables.updateEntry(ma(m.one(3), 0), entry(shared, P | RW), false)).isZero();
        assertThat(tables.updateEntry(ma(m.one(3), 1), entry(shared, P), false)).isZero();
        m.assertCounts(shared, 1, 2);
        assertThat(tables.updateEntry(ma(m.one(3), 0), 0, false)).isZero();
        assertThat(tables.updateEntry(ma(m.one(3), 1), 0, false)).isZero();

        assertRefused(tables.pin(shared, 1), Refusal.SHARED_FRAME);
        assertRefused(tables.getSegdesc(shared), Refusal.SHARED_FRAME);
        assertRefused(tables.releaseFrame(shared), Refusal.SHARED_FRAME);
        assertThat(m.frames.type(shared)).isEqualTo(PageType.SHARED);
    }

    @Test
    void aFrameLentForReadingIsNotWritableByAnyDoor() {
        long shared = lent(9, false);
        m.pinChain();

        assertThat(tables.updateEntry(ma(m.one(3), 0), entry(shared, P), false)).isZero();
        assertRefused(tables.updateEntry(ma(m.one(3), 0), entry(shared, P | RW), false), Refusal.SHARED_READ_ONLY);
        assertRefused(tables.updateEntry(ma(shared, 0), 1, false), Refusal.SHARED_READ_ONLY);
        assertRefused(tables.getWritable(shared), Refusal.SHARED_READ_ONLY);
        assertThat(m.load(shared, 0)).isZero();
    }

    @Test
    void aLentFrameIsLentToOneDomain() {
        long shared = lent(9, true);

        assertThat(m.dom2.getWritable(shared)).isEqualTo(Refusal.FRAME_NOT_OWNED.negativeErrno());
        assertThat(m.dom2.updateEntry(ma(shared, 0), 1, false)).isEqualTo(Refusal.FRAME_NOT_OWNED.negativeErrno());
    }

    @Test
    void aDescriptorTableIsCorrectedAndNoLongerWritable() {
        m.store(m.one(8), 2, CODE_RING_0);
        m.pinChain();

        assertThat(tables.getSegdesc(m.one(8))).isZero();

        assertThat(m.load(m.one(8), 2)).isEqualTo(CODE_RING_3);
        assertRefused(tables.updateEntry(ma(m.one(3), 0), entry(m.one(8), P | RW), false), Refusal.TYPE_CONFLICT);
        assertThat(tables.updateEntry(ma(m.one(3), 0), entry(m.one(8), P), false)).isZero();
        assertRefused(tables.updateEntry(ma(m.one(8), 2), 0, false), Refusal.DESCRIPTOR_TABLE);
        tables.putSegdesc(m.one(8));
        assertThat(tables.updateEntry(ma(m.one(8), 2), 0, false)).isZero();
    }

    @Test
    void systemDescriptorsAreRefusedInTablesAndUpdates() {
        m.store(m.one(8), 511, TSS);
        assertRefused(tables.getSegdesc(m.one(8)), Refusal.BAD_DESCRIPTOR);
        m.assertCounts(m.one(8), 0, 0);

        assertRefused(tables.updateDescriptor(ma(m.one(9), 0), TSS), Refusal.BAD_DESCRIPTOR);
        assertThat(DescriptorTables.isAcceptable(TSS & ~(1L << 47))).as("not present").isTrue();
    }

    /// Using it faults, whatever ring the guest wanted to let in, and there is no way by it to a reserved selector.
    @Test
    void aCallGateIsKeptButNobodyMayUseIt() {
        assertThat(tables.updateDescriptor(ma(m.one(9), 0), CALL_GATE | 3L << 45)).isZero();

        assertThat(m.load(m.one(9), 0)).isEqualTo(CALL_GATE | 3L << 16);
        assertThat(DescriptorTables.isAcceptable(gateTo(0xE033))).as("the guest's own code").isTrue();
        assertThat(DescriptorTables.isAcceptable(gateTo(0xFFFC))).as("something in the LDT").isTrue();
        assertThat(DescriptorTables.isAcceptable(gateTo(0xDFF8))).as("the last of the guest's part").isTrue();
        assertRefused(tables.updateDescriptor(ma(m.one(9), 1), gateTo(0xE008)), Refusal.BAD_DESCRIPTOR);
        assertRefused(tables.updateDescriptor(ma(m.one(9), 1), gateTo(0xE030)), Refusal.BAD_DESCRIPTOR);
        assertRefused(tables.updateDescriptor(ma(m.one(9), 1), CALL_GATE | 1L << 32), Refusal.BAD_DESCRIPTOR);
    }

    private static long gateTo(int selector) {
        return 0x0000_8C00_0000_0000L | (long) selector << 16;
    }

    @Test
    void oneDescriptorMayBeWrittenIntoATableOrAPlainFrameButNotIntoAPageTable() {
        assertThat(tables.getSegdesc(m.one(8))).isZero();
        m.pinChain();

        assertThat(tables.updateDescriptor(ma(m.one(8), 4), CODE_RING_0)).isZero();
        assertThat(m.load(m.one(8), 4)).isEqualTo(CODE_RING_3);
        assertThat(tables.updateDescriptor(ma(m.one(9), 4), CODE_RING_0)).isZero();
        assertThat(m.load(m.one(9), 4)).isEqualTo(CODE_RING_3);
        assertRefused(tables.updateDescriptor(ma(m.one(3), 4), CODE_RING_0), Refusal.TYPE_CONFLICT);
        assertRefused(tables.updateDescriptor(ma(m.two(3), 4), CODE_RING_0), Refusal.FRAME_NOT_OWNED);
        assertRefused(tables.updateDescriptor(ma(m.one(9), 4) + 2, CODE_RING_0), Refusal.MISALIGNED);
    }

    @Test
    void aFrameIsGivenBackOnlyWhenNothingRefersToIt() {
        m.pinChain();
        assertThat(tables.updateEntry(ma(m.one(3), 0), entry(m.one(5), P), false)).isZero();
        assertThat(tables.getReadable(m.one(6))).isZero();

        assertRefused(tables.releaseFrame(m.one(5)), Refusal.STILL_REFERENCED);
        assertRefused(tables.releaseFrame(m.one(6)), Refusal.STILL_REFERENCED);
        assertRefused(tables.releaseFrame(m.two(0)), Refusal.FRAME_NOT_OWNED);

        tables.putReadable(m.one(6));
        assertThat(tables.releaseFrame(m.one(6))).isZero();
        assertThat(m.frames.owner(m.one(6))).isEqualTo(FrameTable.DOMID_XEN);
    }

    @Test
    void aFrameHasOneOwner() {
        assertThatThrownBy(() -> m.frames.assign(m.one(0), TestMachine.DOM2)).isInstanceOf(IllegalStateException.class);
        assertThat(tables.getWritable(m.one(0))).isZero();
        assertThatThrownBy(() -> m.frames.release(m.one(0))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> m.frames.owner(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whenADomainDiesItsCountsReturnToZero() {
        m.pinChain();
        assertThat(tables.updateEntry(ma(m.one(3), 0), entry(m.one(5), P | RW), false)).isZero();
        assertThat(tables.newBase(m.one(0))).isZero();
        assertThat(tables.newBase(m.one(0))).isZero();
        assertThat(tables.pin(m.one(7), 1)).isZero();
        assertThat(tables.getSegdesc(m.one(8))).isZero();

        assertThat(tables.release()).isZero();

        for (int i = 0; i < 16; i++) {
            m.assertCounts(m.one(i), 0, 0);
        }
    }

    @Test
    void whatOthersHoldOutlivesTheDomainAndIsReported() {
        assertThat(tables.getWritable(m.one(5))).isZero();
        assertThat(tables.getReadable(m.one(6))).isZero();

        assertThat(tables.release()).isEqualTo(2);

        tables.putWritable(m.one(5));
        tables.putReadable(m.one(6));
        assertThat(tables.release()).isZero();
    }

    @Test
    void theMachineToPhysArrayBeginsAtTheFirstFrame() {
        MachineToPhys m2p = new MachineToPhys(Arena.ofAuto().allocate(4 * 8, 8));

        assertThat(m2p.get(MachineMemory.BASE_MFN + 3)).isEqualTo(MachineToPhys.UNOWNED);
        m2p.set(MachineMemory.BASE_MFN + 3, 77);

        assertThat(m2p.get(MachineMemory.BASE_MFN + 3)).isEqualTo(77);
        assertThat(m2p.segment().get(ValueLayout.JAVA_LONG, 3 * 8)).isEqualTo(77);
        assertThat(m2p.contains(MachineMemory.BASE_MFN + 4)).isFalse();
        assertThat(m2p.contains(MachineMemory.BASE_MFN - 1)).isFalse();
    }
}
