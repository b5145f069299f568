package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.EVENT_CHANNEL_OP;
import static xenolith.abi.HypercallNumber.EVENT_CHANNEL_OP_COMPAT;
import static xenolith.abi.HypercallNumber.GRANT_TABLE_OP;
import static xenolith.abi.HypercallNumber.MEMORY_OP;
import static xenolith.abi.HypercallNumber.SCHED_OP;
import static xenolith.abi.HypercallNumber.VCPU_OP;
import static xenolith.abi.HypercallNumber.XEN_VERSION;

import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import xenolith.abi.XenErrno;
import xenolith.abi.XenGrantTable;
import xenolith.abi.XenMemory;
import xenolith.vmm.domain.TestDomain;

/// Nothing is done half-way: a call that fails has changed nothing, and one of many elements is so many calls of one.
///
/// Structures stand in ordinary pages, over the end of what is mapped, on read-only pages and nowhere; their fields are
/// words that mean something somewhere.
class HalfDonePropertyTest {
    private static final int STEPS = 40;
    private static final long END = TestDomain.BASE_VA + TestDomain.SPARE * 4096L;
    private static final int LAST = TestDomain.SPARE - 1;
    private static final int LIST = TestCalls.ARG + 1;
    private static final int OUT = TestCalls.ARG + 3;
    private static final int[] CALLS = {EVENT_CHANNEL_OP, EVENT_CHANNEL_OP, EVENT_CHANNEL_OP, EVENT_CHANNEL_OP_COMPAT,
        GRANT_TABLE_OP, GRANT_TABLE_OP, MEMORY_OP, MEMORY_OP, SCHED_OP, VCPU_OP, VCPU_OP, XEN_VERSION};
    private static final int[] DOMIDS = {TestCalls.SELF, TestCalls.SELF, TestDomain.DOMID, 0, 9, 0xffff};
    private static final int[] BATCHES = {XenGrantTable.GNTTABOP_COPY, XenGrantTable.GNTTABOP_MAP_GRANT_REF,
        XenGrantTable.GNTTABOP_UNMAP_GRANT_REF, XenGrantTable.GNTTABOP_SWAP_GRANT_REF};
    private static final int[] BATCH_BYTES = {40, 32, 24, 12};

    // ---- words

    private static long word(TestDomain d, Random chance) {
        return switch (chance.nextInt(12)) {
            case 0, 1, 2 -> chance.nextInt(8);
            case 3 -> TestCalls.ints(DOMIDS[chance.nextInt(DOMIDS.length)], chance.nextInt(6));
            case 4 -> TestCalls.ints(chance.nextInt(6), DOMIDS[chance.nextInt(DOMIDS.length)]);
            case 5 -> DOMIDS[chance.nextInt(DOMIDS.length)];
            case 6 -> d.mfn(chance.nextInt(TestDomain.FRAMES));
            case 7 -> d.mfn(TestDomain.SPARE + chance.nextInt(50));
            case 8 -> d.va(chance.nextInt(TestDomain.SPARE)) + chance.nextInt(512) * 8L;
            case 9 -> END - chance.nextInt(64);
            case 10 -> chance.nextLong();
            default -> TestCalls.ints(chance.nextInt(4), 1 << chance.nextInt(32));
        };
    }

    /// Somewhere for a structure, whose words are stored as far as there is memory.
    private static long place(TestDomain d, Random chance, long[] words) {
        return switch (chance.nextInt(8)) {
            case 0 -> store(d, LAST, 4096 - 4 * chance.nextInt(20), words) + d.va(LAST);
            case 1, 2 -> store(d, TestDomain.ENDLESS_PFN, chance.nextInt(500) * 8, words) + TestDomain.ENDLESS_VA;
            case 3 -> word(d, chance);
            case 4 -> store(d, TestCalls.ARG, 4096 - 4 * chance.nextInt(20), words) + d.va(TestCalls.ARG);
            default -> store(d, TestCalls.ARG, chance.nextInt(400) * 8, words) + d.va(TestCalls.ARG);
        };
    }

    private static long store(TestDomain d, int pfn, int offset, long[] words) {
        for (int at = 0; at < words.length * 8; at += 4) {
            int in = pfn == TestDomain.ENDLESS_PFN ? (offset + at) % 4096 : offset + at;
            if (pfn + in / 4096 < TestDomain.SPARE) {
                d.memory.writeInt(d.ma(pfn) + in, (int) (words[at / 8] >>> at % 8 * 8));
            }
        }
        return offset;
    }

    private static long[] words(TestDomain d, Random chance, int count) {
        long[] words = new long[count];
        for (int i = 0; i < count; i++) {
            words[i] = word(d, chance);
        }
        return words;
    }

    // ---- one element

    private static long[] randomCall(TestDomain d, Random chance) {
        int nr = CALLS[chance.nextInt(CALLS.length)];
        long arg = place(d, chance, words(d, chance, 9));
        return switch (nr) {
            case EVENT_CHANNEL_OP_COMPAT -> new long[] {nr, arg};
            case VCPU_OP -> new long[] {nr, chance.nextInt(15), chance.nextInt(3), arg};
            case GRANT_TABLE_OP -> new long[] {nr, chance.nextInt(14), arg, 1};
            case MEMORY_OP -> new long[] {nr, chance.nextInt(30), arg};
            // A block or a poll would sleep, a shutdown end it.
            case SCHED_OP -> new long[] {nr, 4 + chance.nextInt(4), arg};
            default -> new long[] {nr, chance.nextInt(15), arg};
        };
    }

    private static long make(TestCalls calls, long[] call) {
        long[] arguments = new long[call.length - 1];
        System.arraycopy(call, 1, arguments, 0, arguments.length);
        return calls.call(call[0], arguments);
    }

    private static int[] failAndCompare(Random chance) {
        TestCalls calls = new TestCalls(new TestDomain(2, false));
        int[] failedAndDone = new int[2];
        DomainState before = DomainState.of(calls.d);
        for (int i = 0; i < STEPS; i++) {
            long[] call = randomCall(calls.d, chance);
            long rc = make(calls, call);
            DomainState after = DomainState.of(calls.d);
            assertThat(rc).as("hypercall %d, %d", call[0], call[1]).isGreaterThan(-4096);
            if (rc < 0) {
                assertThat(after).as("hypercall %d, %d = %d", call[0], call[1], rc).isEqualTo(before);
                failedAndDone[0]++;
            } else {
                failedAndDone[1] += after.equals(before) ? 0 : 1;
            }
            before = after;
        }
        calls.assertSound();
        return failedAndDone;
    }

    @Property(tries = 100)
    void aCallThatFailsHasChangedNothing(@ForAll Random chance) {
        failAndCompare(chance);
    }

    /// The property proves something only if calls do fail, and do change something.
    @Example
    void manyOfTheCallsFailAndManyChangeSomething() {
        int failed = 0;
        int done = 0;
        for (int seed = 0; seed < 20; seed++) {
            int[] counts = failAndCompare(new Random(seed));
            failed += counts[0];
            done += counts[1];
        }
        assertThat(failed).isGreaterThan(20 * STEPS / 4);
        assertThat(done).isGreaterThan(20 * STEPS / 40);
    }

    // ---- many elements

    /// Fills the list, which may run into where nothing is mapped, of both twins alike; answers its address.
    private static long list(TestDomain[] twins, long[] words, int room) {
        for (TestDomain d : twins) {
            store(d, LAST, 4096 - 8 * room, words);
            store(d, LIST, 0, words);
        }
        return room < words.length ? twins[0].va(LAST) + 4096 - 8L * room : twins[0].va(LIST);
    }

    @Property(tries = 80)
    void extentsAreDoneUpToTheFirstThatCannotBe(@ForAll Random chance) {
        TestCalls all = new TestCalls();
        TestCalls single = new TestCalls();
        int[] ops = {XenMemory.XENMEM_DECREASE_RESERVATION, XenMemory.XENMEM_POPULATE_PHYSMAP,
            XenMemory.XENMEM_INCREASE_RESERVATION};
        for (int i = 0; i < 12; i++) {
            int op = ops[chance.nextInt(ops.length)];
            int order = chance.nextInt(3) == 0 ? chance.nextInt(3) : 0;
            long[] words = new long[1 + chance.nextInt(12)];
            for (int j = 0; j < words.length; j++) {
                words[j] = op != XenMemory.XENMEM_DECREASE_RESERVATION ? chance.nextInt(300)
                        : chance.nextInt(12) == 0 ? word(all.d, chance) : all.d.mfn(TestDomain.SPARE + chance.nextInt(50));
            }
            int room = chance.nextInt(3) == 0 ? chance.nextInt(words.length + 1) : words.length;
            long va = list(new TestDomain[] {all.d, single.d}, words, room);
            long done = extents(all, op, va, words.length, order);
            int expected = 0;
            while (expected < words.length && extents(single, op, va + expected * 8L, 1, order) == 1) {
                expected++;
            }
            assertThat(done).isEqualTo(expected);
            assertThat(DomainState.of(all.d)).isEqualTo(DomainState.of(single.d));
            assertThat(all.d.page(LIST).mismatch(single.d.page(LIST))).as("what the guest was told").isEqualTo(-1);
        }
        all.assertSound();
    }

    private static long extents(TestCalls calls, int op, long va, int count, int order) {
        calls.arg(va, count, order, TestCalls.SELF);
        return calls.call(MEMORY_OP, op, calls.arg());
    }

    @Property(tries = 80)
    void anExchangeIsAsManyExchangesOfOneUpToTheFirstThatFails(@ForAll Random chance) {
        TestCalls all = new TestCalls();
        TestCalls single = new TestCalls();
        TestDomain[] twins = {all.d, single.d};
        for (int i = 0; i < 8; i++) {
            long[] words = new long[1 + chance.nextInt(8)];
            for (int j = 0; j < words.length; j++) {
                words[j] = chance.nextInt(10) == 0 ? word(all.d, chance) : all.d.mfn(TestDomain.SPARE + chance.nextInt(50));
            }
            long va = list(twins, words, chance.nextInt(3) == 0 ? chance.nextInt(words.length + 1) : words.length);
            for (TestDomain d : twins) {
                store(d, OUT, 0, words(d, new Random(i), words.length));
            }
            int expected = 0;
            long failure = 0;
            while (expected < words.length && failure == 0) {
                failure = exchange(single, va + expected * 8L, single.d.va(OUT) + expected * 8L, 1);
                expected += failure == 0 ? 1 : 0;
            }
            assertThat(exchange(all, va, all.d.va(OUT), words.length)).isEqualTo(failure);
            assertThat(all.word(TestCalls.ARG, 64)).isEqualTo(expected);
            assertThat(DomainState.of(all.d)).isEqualTo(DomainState.of(single.d));
            assertThat(all.d.page(OUT).mismatch(single.d.page(OUT))).as("what the guest was told").isEqualTo(-1);
        }
        all.assertSound();
    }

    private static long exchange(TestCalls calls, long in, long out, int count) {
        calls.arg(in, count, 0, TestCalls.SELF, out, count, 0, TestCalls.SELF, 0);
        return calls.call(MEMORY_OP, XenMemory.XENMEM_EXCHANGE, calls.arg());
    }

    @Property(tries = 80)
    void anArrayOfGrantOperationsIsAsManyCallsUpToOneThatCannotBeRead(@ForAll Random chance) {
        TestGrants all = new TestGrants();
        TestGrants single = new TestGrants();
        for (int i = 0; i < 10; i++) {
            int kind = chance.nextInt(BATCHES.length);
            int count = 1 + chance.nextInt(6);
            int byteLength = BATCH_BYTES[kind] * count;
            int mapped = chance.nextInt(3) == 0 ? chance.nextInt(byteLength) & -4 : byteLength;
            long[] words = grantWords(all.d, chance, (byteLength + 7) / 8);
            for (TestGrants g : new TestGrants[] {all, single}) {
                g.grantV1(9 + i % 4, TestGrants.PERMIT, TestGrants.OWN, g.d.mfn(100 + i));
                store(g.d, LAST, 4096 - mapped, words);
            }
            long va = all.d.va(LAST) + 4096 - mapped;
            long expected = 0;
            for (int j = 0; j < count && expected == 0; j++) {
                expected = single.calls.call(GRANT_TABLE_OP, BATCHES[kind], va + j * (long) BATCH_BYTES[kind], 1);
            }
            assertThat(all.calls.call(GRANT_TABLE_OP, BATCHES[kind], va, count)).isEqualTo(expected);
            assertThat(expected).isIn(0L, (long) -XenErrno.EFAULT);
            assertThat(DomainState.of(all.d)).isEqualTo(DomainState.of(single.d));
            assertThat(all.d.page(LAST).mismatch(single.d.page(LAST))).as("each element's status").isEqualTo(-1);
        }
        all.calls.assertSound();
    }

    private static long[] grantWords(TestDomain d, Random chance, int count) {
        long[] words = new long[count];
        for (int i = 0; i < count; i++) {
            words[i] = switch (chance.nextInt(5)) {
                case 0 -> d.va(120 + chance.nextInt(20));
                case 1 -> TestCalls.ints(TestGrants.HOST | chance.nextInt(8), 9 + chance.nextInt(4));
                case 2 -> TestCalls.ints(9 + chance.nextInt(4), TestDomain.DOMID);
                case 3 -> TestDomain.DOMID | (long) chance.nextInt(64) << 16 | (long) chance.nextInt(64) << 32;
                default -> word(d, chance);
            };
        }
        return words;
    }
}
