package xenolith.vmm.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameAllocatorTest {
    private final MachineMemory memory = new MachineMemory(Arena.ofAuto().allocate(64 * 4096, 4096));
    private final FrameAllocator frames = new FrameAllocator(memory);

    @Test
    void runsFollowEachOtherAndNeverOverlap() {
        assertThat(frames.allocate(3)).isEqualTo(MachineMemory.BASE_MFN);
        assertThat(frames.allocate(1)).isEqualTo(MachineMemory.BASE_MFN + 3);
        assertThat(frames.allocateAligned(4, 8)).isEqualTo(MachineMemory.BASE_MFN + 8);
        assertThat(frames.allocate(1)).isEqualTo(MachineMemory.BASE_MFN + 12);
    }

    @Test
    void theLastFrameIsHandedOutAndNoneBeyond() {
        assertThat(frames.allocate(64)).isEqualTo(MachineMemory.BASE_MFN);
        assertThatIllegalStateException().isThrownBy(() -> frames.allocate(1)).withMessageContaining("frameCount=1");
    }

    @Test
    void framesThatAreSkippedAreNotHandedOut() {
        frames.allocate(3);
        frames.skipTo(MachineMemory.BASE_MFN + 32);
        assertThat(frames.allocate(32)).isEqualTo(MachineMemory.BASE_MFN + 32);
        assertThatIllegalStateException().isThrownBy(() -> frames.skipTo(MachineMemory.BASE_MFN + 40));
        assertThatIllegalStateException().isThrownBy(() -> frames.skipTo(MachineMemory.BASE_MFN + 65));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, 65, Long.MAX_VALUE, Long.MIN_VALUE})
    void impossibleRunsAreRefusedAndTakeNothing(long count) {
        assertThatIllegalStateException().isThrownBy(() -> frames.allocate(count));
        assertThat(frames.allocate(64)).isEqualTo(MachineMemory.BASE_MFN);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, MachineMemory.BASE_MFN - 1, MachineMemory.BASE_MFN + 64, Long.MAX_VALUE,
        Long.MIN_VALUE, MachineMemory.BASE_MFN << 32})
    void numbersOfNoFrameAreKnown(long mfn) {
        assertThat(memory.contains(mfn)).isFalse();
    }

    @Test
    void theMachineBeginsAt4GigabytesAndIsMadeOfWholeFrames() {
        assertThat(memory.contains(MachineMemory.BASE_MFN)).isTrue();
        assertThat(memory.contains(MachineMemory.BASE_MFN + 63)).isTrue();
        assertThat(memory.endMfn()).isEqualTo(MachineMemory.BASE_MFN + 64);
        assertThat(MachineMemory.offset(1L << 32)).isZero();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MachineMemory(Arena.ofAuto().allocate(4097, 4096)));
    }

    @Test
    void bitOperationsReturnWhatWasThere() {
        long ma = (MachineMemory.BASE_MFN << 12) + 8;
        assertThat(memory.getAndOrWord(ma, 6)).isZero();
        assertThat(memory.getAndAndWord(ma, ~2)).isEqualTo(6);
        assertThat(memory.compareAndExchangeWord(ma, 5, 9)).isEqualTo(4);
        assertThat(memory.readWord(ma)).isEqualTo(4);
        assertThat(memory.compareAndExchangeWord(ma, 4, 9)).isEqualTo(4);
        assertThat(memory.readWord(ma)).isEqualTo(9);
    }
}
