package xenolith.vmm.hypercall;

import xenolith.abi.XenErrno;
import java.lang.foreign.MemorySegment;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.mm.Audit;

/// Makes hypercalls on vcpu 0 of a [TestDomain], and commits in between as the exit loop would.
final class TestCalls implements VcpuControl {
    static final int SELF = 0x7ff0;
    /// An argument page of the guest, and the one behind it.
    static final int ARG = TestDomain.FIRST_DATA;

    final TestDomain d;
    final Vcpu vcpu;
    final Hypercalls hypercalls;
    final CallContext context;
    final List<String> control = new ArrayList<>();
    int again;

    TestCalls() {
        this(new TestDomain());
    }

    TestCalls(TestDomain d) {
        this.d = d;
        this.vcpu = d.domain.vcpu(0);
        this.hypercalls = new Hypercalls(d.domain, d.grants, new NoLifecycle());
        this.context = new CallContext(vcpu, this);
        served(false);
    }

    /// Says whether a poller serves the calls from now on.
    void served(boolean polled) {
        context.polled(polled);
    }

    /// The guest's address of the argument page.
    long arg() {
        return d.va(ARG);
    }

    /// Stores words at the start of the argument page.
    long arg(long... words) {
        return put(ARG, 0, words);
    }

    /// Stores words in a page of the guest, from byte `offset` on; answers their guest address.
    long put(int pfn, int offset, long... words) {
        for (int i = 0; i < words.length; i++) {
            d.memory.writeWord(d.ma(pfn) + offset + i * 8L, words[i]);
        }
        return d.va(pfn) + offset;
    }

    long word(int pfn, int offset) {
        return d.memory.readWord(d.ma(pfn) + offset);
    }

    int intAt(int pfn, int offset) {
        return d.memory.readInt(d.ma(pfn) + offset);
    }

    /// Two 32-bit fields in one word.
    static long ints(int low, int high) {
        return low & 0xffff_ffffL | (long) high << 32;
    }

    /// One call to its end, whatever commits it takes.
    long call(long nr, long... args) {
        context.begin();
        long rc = dispatch(nr, args);
        while (rc == CallContext.AGAIN) {
            again++;
            d.commitAll();
            rc = dispatch(nr, args);
        }
        if (d.domain.commits().isNeeded()) {
            d.commitAll();
        }
        return rc;
    }

    /// One step of a call; [CallContext#RING] and [CallContext#AGAIN] are the caller's.
    long dispatch(long nr, long... args) {
        long[] a = Arrays.copyOf(args, 5);
        return hypercalls.dispatch(context, nr, a[0], a[1], a[2], a[3], a[4]);
    }

    void assertSound() {
        assertThat(Audit.differences(d.memory, d.frames)).isEmpty();
    }

    // ---- what the calls do to the vcpu

    @Override
    public void block() {
        control.add("block");
    }

    @Override
    public void poll(int[] ports, int portCount, long deadlineNs) {
        StringBuilder text = new StringBuilder("poll");
        for (int i = 0; i < portCount; i++) {
            text.append(' ').append(ports[i]);
        }
        control.add(text + " until " + deadlineNs);
    }

    @Override
    public void yieldHost() {
        control.add("yield");
    }

    @Override
    public void crashed(String reason) {
        d.domain.end(new xenolith.vmm.control.DomainEnd.Crashed(reason, ""));
    }

    @Override
    public void kernelGsBase(long base) {
        control.add("gs " + Long.toHexString(base));
    }

    @Override
    public void taskSwitched(boolean set) {
        control.add("ts " + set);
    }

    /// Here no vcpu can come up.
    private static final class NoLifecycle implements VcpuLifecycle {
        @Override
        public long initialise(int id, MemorySegment contextCopy) {
            return -XenErrno.EEXIST;
        }

        @Override
        public long up(int id) {
            return -XenErrno.EINVAL;
        }

        @Override
        public long down(int id) {
            return 0;
        }
    }
}
