package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import xenolith.abi.HypercallNumber;
import xenolith.vmm.control.DomainEnd;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.mm.Audit;
import xenolith.vmm.monitor.MonitorAbi;

/// A guest that calls anything with anything, out of memory full of words that mean something somewhere: every call
/// is answered, soon, with an errno or less than nothing lost; counts agree with the tables; what ring 0 runs and
/// trusts is as it was.
class HypercallsPropertyTest {
    private static final int STEPS = 400;
    private static final int DATA_PAGES = 24;
    private static final int PIECES = 6;
    private static final long[] CODE_AND_GATES = {0x0000, 0x4000, 0x6000, 0x9000};
    private static final int[] NUMBERS = {0, 1, 1, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 13, 13, 14, 14, 15, 17, 18, 20,
        21, 24, 25, 26, 26, 26, 29, 30, 32, 32, 33, 35, 36, 40, 63};

    private static final class Fuzz {
        final Random chance;
        final TestCalls calls = new TestCalls(new TestDomain(2, false));
        final TestDomain d = calls.d;
        int good;
        int pieces;

        Fuzz(Random chance) {
            this.chance = chance;
        }

        int any(int bound) {
            return chance.nextInt(bound);
        }

        long word() {
            return switch (any(16)) {
                case 0, 1 -> any(40);
                case 2 -> chance.nextLong();
                case 3 -> d.va(TestDomain.FIRST_DATA + any(DATA_PAGES)) + any(512) * 8L;
                case 4 -> d.va(any(TestDomain.SPARE)) + any(4096);
                case 5 -> TestDomain.ENDLESS_VA + any(1 << 20);
                case 6 -> hostileAddress();
                case 7, 8 -> d.mfn(any(TestDomain.FRAMES));
                case 9 -> d.l1EntryMa(any(TestDomain.SPARE)) | any(4);
                case 10 -> d.ma(any(TestDomain.FRAMES)) + any(512) * 8L;
                case 11 -> d.ma(any(TestDomain.FRAMES)) | 0x27 & ~(any(2) << 1);
                case 12 -> d.ma(TestDomain.SPARE + any(16)) | 0x67;
                case 13 -> TestCalls.SELF | (long) any(64) << 32;
                case 14 -> otherFrame();
                default -> -any(4);
            };
        }

        long hostileAddress() {
            long[] some = {MonitorAbi.windowVa(0) + any(0x10000), MonitorAbi.M2P_VA, 0x0000_7fff_ffff_fff8L,
                0xffff_ffff_ffff_fff8L, Long.MIN_VALUE, Long.MAX_VALUE, MonitorAbi.BASE + (64L << 30)};
            return some[any(some.length)];
        }

        long otherFrame() {
            long[] some = {d.grantMfn, d.sharedInfoMa >>> 12, d.memory.endMfn() - 1 - any(64), d.memory.endMfn(),
                d.firstMfn - 1, MonitorAbi.CALL_BELL_MA >>> 12};
            return some[any(some.length)];
        }

        void fill() {
            for (int pfn = TestDomain.ENDLESS_PFN; pfn < TestDomain.FIRST_DATA + DATA_PAGES; pfn++) {
                for (int offset = 0; offset < 4096; offset += 8) {
                    d.memory.writeWord(d.ma(pfn) + offset, word());
                }
            }
            multicalls();
            extendedOps();
        }

        /// The first page is a list of calls, the second one of extended operations.
        void multicalls() {
            for (int offset = 0; offset < 4096; offset += 64) {
                calls.put(TestDomain.FIRST_DATA, offset, NUMBERS[any(NUMBERS.length)], 0, word(), 1 + any(3), word(),
                        TestCalls.SELF);
            }
        }

        void extendedOps() {
            for (int offset = 0; offset < 4096; offset += 24) {
                if (offset + 24 <= 4096) {
                    calls.put(TestDomain.FIRST_DATA + 1, offset, any(21),
                            d.mfn(any(2) == 0 ? any(TestDomain.FRAMES) : TestDomain.SPARE + any(6)), any(100));
                }
            }
        }

        long pointer() {
            return switch (any(4)) {
                case 0 -> d.va(TestDomain.FIRST_DATA) + any(64) * 64L;
                case 1 -> d.va(TestDomain.FIRST_DATA + 1) + any(170) * 24L;
                default -> word();
            };
        }

        /// One call, with arguments of the shape that its number has, sometimes.
        void step() {
            boolean polled = any(2) == 0;
            calls.served(polled);
            long nr = any(20) == 0 ? chance.nextLong() : NUMBERS[any(NUMBERS.length)];
            long[] args = any(3) == 0 ? new long[] {word(), word(), word(), word(), word()}
                    : shaped((int) nr);
            calls.context.begin();
            int left = PIECES;
            long rc;
            do {
                long start = System.nanoTime();
                rc = calls.dispatch(nr, args);
                assertThat(System.nanoTime() - start).as("hypercall %d", nr).isLessThan(3_000_000_000L);
                if (rc == CallContext.AGAIN) {
                    pieces++;
                    d.commitAll();
                }
            } while (rc == CallContext.AGAIN && left-- > 0);
            if (rc == CallContext.RING) {
                assertThat(polled).as("hypercall %d asks for a thread that it has", nr).isTrue();
            } else if (rc != CallContext.AGAIN && nr != HypercallNumber.GET_DEBUGREG) {
                assertThat(rc).as("hypercall %d", nr).isGreaterThan(-4096);
                good += rc >= 0 ? 1 : 0;
            }
            if (any(4) == 0) {
                d.commitAll();
            }
        }

        long[] shaped(int nr) {
            return switch (nr) {
                case HypercallNumber.MMU_UPDATE, HypercallNumber.MMUEXT_OP ->
                    new long[] {pointer(), 1 + any(4), any(3) == 0 ? word() : 0, TestCalls.SELF};
                case HypercallNumber.MULTICALL -> new long[] {pointer(), 1 + any(8)};
                case HypercallNumber.UPDATE_VA_MAPPING ->
                    new long[] {d.va(any(512)), any(2) == 0 ? d.ma(any(TestDomain.FRAMES)) | 0x27 : word(), any(3)};
                case HypercallNumber.CONSOLE_IO -> new long[] {any(2), any(9000), pointer()};
                case HypercallNumber.VCPU_OP -> new long[] {any(15), any(2), pointer()};
                case HypercallNumber.GRANT_TABLE_OP -> new long[] {any(14), pointer(), 1};
                default -> new long[] {any(16), pointer(), word(), word(), word()};
            };
        }
    }

    private static byte[] bytes(TestDomain d, long va) {
        byte[] copy = new byte[4096];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = d.memory.readByte((d.kernelView().ma(va) & -4096) + i);
        }
        return copy;
    }

    private static byte[][] trusted(TestDomain d) {
        byte[][] pages = new byte[CODE_AND_GATES.length + 2][];
        for (int i = 0; i < CODE_AND_GATES.length; i++) {
            pages[i] = bytes(d, MonitorAbi.windowVa(0) + CODE_AND_GATES[i]);
        }
        pages[CODE_AND_GATES.length] = bytes(d, MonitorAbi.BASE + 0x200_0000L);
        pages[CODE_AND_GATES.length + 1] = bytes(d, MonitorAbi.BASE + 0x800_0000L + 14 * 4096);
        return pages;
    }

    @Property(tries = 120)
    void anythingAtAllIsAnsweredAndTheLawsHold(@ForAll Random chance) {
        Fuzz fuzz = new Fuzz(chance);
        byte[][] before = trusted(fuzz.d);
        for (int i = 0; i < STEPS; i++) {
            if (i % 40 == 0) {
                assertThat(Audit.differences(fuzz.d.memory, fuzz.d.frames)).as("step %d", i).isEmpty();
                fuzz.fill();
            }
            fuzz.step();
        }
        // Its watchdogs need not wait.
        fuzz.d.domain.end(new DomainEnd.Destroyed());
        fuzz.d.commitAll();
        assertThat(Audit.differences(fuzz.d.memory, fuzz.d.frames)).isEmpty();
        assertThat(trusted(fuzz.d)).isDeepEqualTo(before);
        assertRootsHaveTheirMonitor(fuzz.d);
        assertDeathLeavesNothing(fuzz.d);
    }

    private static void assertDeathLeavesNothing(TestDomain d) {
        d.grants.release();
        assertThat(d.domain.release()).isZero();
        assertThat(Audit.leftovers(d.frames)).isEmpty();
        assertThat(Audit.differences(d.memory, d.frames)).isEmpty();
    }

    private static void assertRootsHaveTheirMonitor(TestDomain d) {
        long kernel = d.domain.vcpu(0).window().kernelCr3();
        long user = d.domain.vcpu(0).window().userCr3();
        assertThat(d.memory.readWord(kernel + MonitorAbi.L4_SLOT * 8L) & ~0x60L)
                .isEqualTo(d.monitor.kernelSlotEntry() & ~0x60L);
        assertThat(user).isNotEqualTo(kernel);
        if (user != 0) {
            assertThat(d.memory.readWord(user + MonitorAbi.L4_SLOT * 8L) & ~0x60L)
                    .isEqualTo(d.monitor.userSlotEntry() & ~0x60L);
        }
    }

    /// The property proves something only if calls get somewhere.
    @Example
    void manyOfTheCallsSucceedAndSomeTakeSeveralPieces() {
        int good = 0;
        int pieces = 0;
        for (int seed = 0; seed < 10; seed++) {
            Fuzz fuzz = new Fuzz(new Random(seed));
            for (int i = 0; i < STEPS; i++) {
                if (i % 40 == 0) {
                    fuzz.fill();
                }
                fuzz.step();
            }
            good += fuzz.good;
            pieces += fuzz.pieces;
        }
        assertThat(good).isGreaterThan(10 * STEPS / 10);
        assertThat(pieces).isPositive();
    }
}
