package xenolith.abi.x86;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class X86Test {
    private static final long MFN = 0x123456;
    private static final long RW_PAGE = Pte.of(MFN, Pte.PRESENT | Pte.RW | Pte.USER | Pte.ACCESSED | Pte.DIRTY);

    @Property
    void anEntryGivesBackItsFrameAndItsFlags(@ForAll @LongRange(max = (1L << 40) - 1) long mfn, @ForAll long flags) {
        long pte = Pte.of(mfn, flags);
        assertThat(Pte.mfn(pte)).isEqualTo(mfn);
        assertThat(Pte.flags(pte)).isEqualTo(flags & Pte.FLAGS_MASK);
        assertThat(Pte.address(pte)).isEqualTo(mfn << 12);
    }

    @Example
    void onlyAddedRightsAreAnUpgrade() {
        assertThat(Pte.isUpgrade(0, RW_PAGE)).isTrue();
        assertThat(Pte.isUpgrade(RW_PAGE & ~Pte.PRESENT, 0)).isTrue();
        assertThat(Pte.isUpgrade(RW_PAGE & ~Pte.RW, RW_PAGE)).isTrue();
        assertThat(Pte.isUpgrade(RW_PAGE | Pte.NX, RW_PAGE)).isTrue();
        assertThat(Pte.isUpgrade(RW_PAGE, RW_PAGE | 1L << 9)).isTrue();
    }

    @Example
    void everyLostRightAndEveryOtherFrameIsADowngrade() {
        for (long right : new long[] {Pte.PRESENT, Pte.RW, Pte.USER, Pte.ACCESSED, Pte.DIRTY}) {
            assertThat(Pte.isUpgrade(RW_PAGE, RW_PAGE & ~right)).as("%x", right).isFalse();
        }
        assertThat(Pte.isUpgrade(RW_PAGE, RW_PAGE | Pte.NX)).isFalse();
        assertThat(Pte.isUpgrade(RW_PAGE, Pte.of(MFN + 1, Pte.flags(RW_PAGE)))).isFalse();
        assertThat(Pte.isUpgrade(RW_PAGE, RW_PAGE | Pte.PCD)).isFalse();
    }

    @Property
    void aCanonicalAddressIsRebuiltFromItsSlots(@ForAll @IntRange(max = 511) int l4, @ForAll @IntRange(max = 511) int l3,
            @ForAll @IntRange(max = 511) int l2, @ForAll @IntRange(max = 511) int l1) {
        long va = VirtualLayout.l4SlotStart(l4) + l3 * VirtualLayout.entrySpan(3)
                + l2 * VirtualLayout.entrySpan(2) + l1 * VirtualLayout.entrySpan(1) + 5;
        assertThat(VirtualLayout.isCanonical(va)).isTrue();
        assertThat(VirtualLayout.l4Slot(va)).isEqualTo(l4);
        assertThat(VirtualLayout.l3Slot(va)).isEqualTo(l3);
        assertThat(VirtualLayout.l2Slot(va)).isEqualTo(l2);
        assertThat(VirtualLayout.l1Slot(va)).isEqualTo(l1);
        assertThat(VirtualLayout.pageOffset(va)).isEqualTo(5);
    }

    @Example
    void theHypervisorsPartIsSlots256To271() {
        assertThat(VirtualLayout.l4SlotStart(256)).isEqualTo(VirtualLayout.HYPERVISOR_VIRT_START);
        assertThat(VirtualLayout.l4SlotStart(272)).isEqualTo(VirtualLayout.HYPERVISOR_VIRT_END);
        assertThat(VirtualLayout.isGuestAddress(VirtualLayout.HYPERVISOR_VIRT_START - 1)).isFalse();
        assertThat(VirtualLayout.isGuestAddress(VirtualLayout.HYPERVISOR_VIRT_START)).isFalse();
        assertThat(VirtualLayout.isGuestAddress(VirtualLayout.HYPERVISOR_VIRT_END - 1)).isFalse();
        assertThat(VirtualLayout.isGuestAddress(VirtualLayout.HYPERVISOR_VIRT_END)).isTrue();
        assertThat(VirtualLayout.isGuestAddress(-1)).isTrue();
        assertThat(VirtualLayout.isGuestAddress(0x7FFF_FFFF_FFFFL)).isTrue();
        assertThat(VirtualLayout.isGuestAddress(0x8000_0000_0000L)).isFalse();
    }

    @Example
    void aRangeMustLieWhollyInOneHalfAndOutsideTheHypervisor() {
        assertThat(VirtualLayout.isGuestRange(0x7FFF_FFFF_F000L, 0x1000)).isTrue();
        assertThat(VirtualLayout.isGuestRange(0x7FFF_FFFF_F000L, 0x1001)).isFalse();
        assertThat(VirtualLayout.isGuestRange(0x7FFF_FFFF_F000L, -1)).isFalse();
        assertThat(VirtualLayout.isGuestRange(VirtualLayout.HYPERVISOR_VIRT_END - 1, 2)).isFalse();
        assertThat(VirtualLayout.isGuestRange(0x1000, VirtualLayout.HYPERVISOR_VIRT_END)).isFalse();
        assertThat(VirtualLayout.isGuestRange(-0x1000, 0x1000)).isTrue();
        assertThat(VirtualLayout.isGuestRange(-0x1000, 0x1001)).isFalse();
        assertThat(VirtualLayout.isGuestRange(0, Long.MAX_VALUE)).isFalse();
        assertThat(VirtualLayout.isGuestRange(0x8000_0000_0000L, 0)).isTrue();
    }

    @Property
    void aDescriptorGivesBackWhatItIsMadeOf(@ForAll @LongRange(max = 0xFFFF_FFFFL) long base,
            @ForAll @IntRange(max = 0xF_FFFF) int limit, @ForAll @IntRange(max = 15) int type,
            @ForAll @IntRange(max = 3) int dpl) {
        long bytes = SegmentDescriptor.of(base, limit, type, dpl, SegmentDescriptor.PRESENT);
        assertThat(SegmentDescriptor.base(bytes)).isEqualTo(base);
        assertThat(SegmentDescriptor.limit(bytes)).isEqualTo(limit);
        assertThat(SegmentDescriptor.type(bytes)).isEqualTo(type);
        assertThat(SegmentDescriptor.dpl(bytes)).isEqualTo(dpl);
        assertThat(SegmentDescriptor.isSystem(bytes)).isTrue();
        long pages = SegmentDescriptor.of(base, limit, type, dpl, SegmentDescriptor.G | SegmentDescriptor.S);
        assertThat(SegmentDescriptor.limit(pages)).isEqualTo(limit * 4096L + 4095);
        assertThat(SegmentDescriptor.isSystem(pages)).isFalse();
        assertThat(SegmentDescriptor.dpl(SegmentDescriptor.withDpl(pages, 3 - dpl))).isEqualTo(3 - dpl);
    }

    @Example
    void theFlatDescriptorsAreFlatAndOfRing3() {
        for (long d : new long[] {SegmentDescriptor.RING3_CODE64, SegmentDescriptor.RING3_CODE32,
            SegmentDescriptor.RING3_DATA}) {
            assertThat(SegmentDescriptor.base(d)).isZero();
            assertThat(SegmentDescriptor.limit(d)).isEqualTo(0xFFFF_FFFFL);
            assertThat(SegmentDescriptor.dpl(d)).isEqualTo(3);
            assertThat(SegmentDescriptor.isPresent(d)).isTrue();
            assertThat(SegmentDescriptor.type(d) & SegmentDescriptor.TYPE_ACCESSED).isOne();
        }
        assertThat(SegmentDescriptor.isCode64(SegmentDescriptor.RING3_CODE64)).isTrue();
        assertThat(SegmentDescriptor.isCode64(SegmentDescriptor.RING3_CODE32)).isFalse();
        assertThat(SegmentDescriptor.isCode(SegmentDescriptor.RING3_CODE32)).isTrue();
        assertThat(SegmentDescriptor.isCode(SegmentDescriptor.RING3_DATA)).isFalse();
    }

    @Example
    void aSelectorIsIndexTableAndPrivilege() {
        assertThat(SegmentDescriptor.index(0xe033)).isEqualTo(7174);
        assertThat(SegmentDescriptor.rpl(0xe033)).isEqualTo(3);
        assertThat(SegmentDescriptor.isLocal(0xe033)).isFalse();
        assertThat(SegmentDescriptor.isLocal(0xf)).isTrue();
        assertThat(SegmentDescriptor.isNull(3)).isTrue();
        assertThat(SegmentDescriptor.isNull(4)).isFalse();
    }

    @Example
    void eightVectorsPushAnErrorCode() {
        for (int vector = 0; vector < 256; vector++) {
            boolean expected = vector == 8 || vector >= 10 && vector <= 14 || vector == 17 || vector == 21;
            assertThat(TrapVector.hasErrorCode(vector)).as("vector %d", vector).isEqualTo(expected);
        }
        assertThat(TrapVector.name(TrapVector.PAGE_FAULT)).isEqualTo("#PF");
        assertThat(TrapVector.name(128)).isEqualTo("vector 128");
    }
}
