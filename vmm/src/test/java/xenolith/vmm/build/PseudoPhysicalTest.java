package xenolith.vmm.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import xenolith.vmm.guest.MachineMemory;

class PseudoPhysicalTest {
    private static final int FRAMES = 64;
    private static final long FIRST = MachineMemory.BASE_MFN + 8;

    private final MachineMemory memory = new MachineMemory(Arena.ofAuto().allocate((FRAMES + 16) * 4096L, 4096));

    @Test
    void orderedFramesFollowEachOther() {
        PseudoPhysical frames = PseudoPhysical.ordered(memory, FIRST, FRAMES);

        for (int pfn = 0; pfn < FRAMES; pfn++) {
            assertThat(frames.mfn(pfn)).isEqualTo(FIRST + pfn);
        }
        assertThat(frames.ma(0x1234)).isEqualTo((FIRST + 1 << 12) + 0x234);
    }

    @Test
    void scrambledFramesAreTheSameFramesInAnotherOrder() {
        for (long seed = 0; seed < 20; seed++) {
            PseudoPhysical frames = PseudoPhysical.scrambled(memory, FIRST, FRAMES, seed);
            Set<Long> seen = new HashSet<>();
            int inPlace = 0;
            for (int pfn = 0; pfn < FRAMES; pfn++) {
                assertThat(frames.mfn(pfn)).isBetween(FIRST, FIRST + FRAMES - 1);
                assertThat(seen.add(frames.mfn(pfn))).isTrue();
                inPlace += frames.mfn(pfn) == FIRST + pfn ? 1 : 0;
            }
            assertThat(inPlace).isLessThan(FRAMES / 2);
        }
    }

    @Test
    void aCopyArrivesWholeWhateverFramesItCrosses() {
        MemorySegment from = Arena.ofAuto().allocate(20_000, 8);
        for (int i = 0; i < from.byteSize(); i++) {
            from.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 >>> 4));
        }
        for (PseudoPhysical frames : new PseudoPhysical[] {PseudoPhysical.ordered(memory, FIRST, FRAMES),
            PseudoPhysical.scrambled(memory, FIRST, FRAMES, 5)}) {
            memory.segment().fill((byte) 0);
            frames.copy(from, 3, 0x2ffd, 19_000);
            for (int i = 0; i < 19_000; i++) {
                assertThat(memory.readByte(frames.ma(0x2ffd + i)))
                        .isEqualTo(from.get(ValueLayout.JAVA_BYTE, 3 + i));
            }
            assertThat(memory.readByte(frames.ma(0x2ffc))).isZero();
            assertThat(memory.readByte(frames.ma(0x2ffd + 19_000))).isZero();
        }
    }

    @Test
    void copyingNothingTouchesNothing() {
        PseudoPhysical.ordered(memory, FIRST, FRAMES).copy(MemorySegment.NULL, 0, FRAMES * 4096L, 0);
        PseudoPhysical.scrambled(memory, FIRST, FRAMES, 1).copy(MemorySegment.NULL, 0, 0, 0);

        assertThat(memory.readWord(FIRST << 12)).isZero();
    }
}
