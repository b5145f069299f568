package xenolith.vmm.evtchn;

import java.lang.foreign.MemorySegment;
import xenolith.vmm.guest.MachineMemory;

/// Event words in four frames on the heap, for each of millions of rounds.
abstract class SmallWorld {
    static final int FRAMES = 4;
    static final int WORDS_PER_FRAME = 512;
    static final GuestFrames ANY_FRAME = new GuestFrames() {
        @Override
        public long getWritable(long mfn) {
            return 0;
        }

        @Override
        public void putWritable(long mfn) {
        }
    };

    final TestPorts p = new TestPorts(2, new MachineMemory(MemorySegment.ofArray(new long[FRAMES * WORDS_PER_FRAME])));

    /// The guest's upcall handler on a vcpu, for as long as an upcall is due.
    final int consumeAll(int vcpu) {
        int found = 0;
        while (p.upcallPending(vcpu)) {
            found += p.consume(vcpu);
        }
        return found;
    }
}
