package xenolith.vmm.monitor;

import java.util.ArrayList;
import java.util.List;

/// A queue of commits of two vcpus, its host not coherent, and what the guest's page tables and ring 0 do to it.
abstract class CommitFixture {
    static final long P = 1;
    static final long RSP = 0x1234_5678;
    static final long EPOCH = 7;

    final TestMonitor m = new TestMonitor();
    final CommitQueue queue = new CommitQueue(m.memory, false, 2);

    long entryMa(int page, int slot) {
        return (m.guestMfn + page << 12) + slot * 8L;
    }

    /// Stores `value` over whatever is there.
    void store(int page, int slot, long value) {
        long ma = entryMa(page, slot);
        queue.store(ma, m.memory.readWord(ma), value, false);
    }

    /// An entry that the hardware knows already.
    void known(int page, int slot, long value) {
        m.memory.writeWord(entryMa(page, slot), value);
    }

    boolean prepare(int id) {
        return queue.prepare(m.monitor, id, RSP, EPOCH);
    }

    /// What ring 0 would do: runs down the list of vcpu `id`, answers the addresses, leaves the proof.
    List<Long> commit(int id) {
        long rip = queue.commitRip();
        long perEntry = 6;
        long count = MonitorAbi.COMMIT_MAX - (rip - MonitorAbi.COMMIT_CODE_VA) / perEntry;
        long at = m.monitor.commitList(id);
        List<Long> done = new ArrayList<>();
        for (long i = 0; i < count; i++, at += 8) {
            done.add(m.kernel.ma(m.memory.readWord(at)));
        }
        m.memory.writeWord(m.kernel.ma(m.memory.readWord(at + 8)), m.memory.readWord(at + 16));
        return done;
    }
}
