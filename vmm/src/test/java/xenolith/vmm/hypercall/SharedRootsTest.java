package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.BeforeTry;
import xenolith.vmm.domain.Roots;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.mm.Audit;
import xenolith.vmm.mm.PageTables;
import xenolith.vmm.monitor.MonitorAbi;

/// Tables that are roots of the kernel and of user mode at once, on one vcpu or on several.
class SharedRootsTest {
    private static final int FIRST_ROOT = TestDomain.SPARE;
    private static final int ROOTS = 3;
    private static final long TABLE = 0x67;
    private static final long SELF_MAP = 0x25;

    private TestDomain d;
    private Roots roots;
    /// What was loaded last, by vcpu: kernel, user.
    private long[][] loaded;
    private int done;

    @BeforeTry
    void begin() {
        d = new TestDomain(2, false);
        done = 0;
        roots = d.domain.roots();
        loaded = new long[][] {{d.mfn(0), 0}, {0, 0}};
    }

    @Example
    void aTableIsTheRootOfBothModesOfOneVcpu() {
        Vcpu vcpu = d.domain.vcpu(0);

        loadUser(0, d.mfn(0));

        assertThat(vcpu.window().kernelCr3()).isEqualTo(d.ma(0));
        assertThat(vcpu.window().userCr3()).isNotEqualTo(d.ma(0));
        assertThat(d.frames.typeCount(d.mfn(0))).as("pinned, and two bases").isEqualTo(3);
        assertLaws();
        loadUser(0, 0);
        assertThat(vcpu.window().userCr3()).isZero();
        assertThat(d.frames.typeCount(d.mfn(0))).isEqualTo(2);
    }

    @Example
    void theKernelMayComeSecondAndKnowsTheTableThatItNamed() {
        copyRoot(FIRST_ROOT);
        loadUser(1, d.mfn(FIRST_ROOT));

        loadKernel(0, d.mfn(FIRST_ROOT));

        assertThat(d.domain.vcpu(0).window().kernelCr3()).isNotEqualTo(d.ma(FIRST_ROOT));
        assertThat(roots.kernelMfn(0)).isEqualTo(d.mfn(FIRST_ROOT));
        assertLaws();
    }

    @Example
    void whatChangesInATableChangesInItsCopies() {
        loadUser(0, d.mfn(0));
        loadUser(1, d.mfn(0));

        update(0, 300, d.ma(1) | TABLE);
        assertLaws();
        update(0, 300, 0);
        update(0, 301, d.ma(0) | SELF_MAP);

        assertLaws();
    }

    @Property(tries = 60)
    void whateverIsLoadedWhereverEachVcpuSeesItsTablesAndItsOwnMonitor(@ForAll Random chance) {
        for (int i = 0; i < ROOTS; i++) {
            copyRoot(FIRST_ROOT + i);
        }
        for (int step = 0; step < 100; step++) {
            int id = chance.nextInt(2);
            int pfn = FIRST_ROOT + chance.nextInt(ROOTS);
            switch (chance.nextInt(8)) {
                case 0, 1 -> loadKernel(id, d.mfn(pfn));
                case 2, 3 -> loadUser(id, d.mfn(pfn));
                case 4 -> loadUser(id, 0);
                case 5 -> d.domain.pageTables().pin(d.mfn(pfn), 4);
                case 6 -> d.domain.pageTables().unpin(d.mfn(pfn));
                default -> update(pfn, 272 + chance.nextInt(4), value(chance));
            }
            assertLaws();
        }
        assertThat(done).as("loads that were not refused").isGreaterThan(10);
        loadKernel(0, d.mfn(0));
        loadUser(0, 0);
        loadUser(1, 0);
        roots.dropBoth(d.domain.vcpu(1));
        for (int i = 0; i < ROOTS; i++) {
            d.domain.pageTables().unpin(d.mfn(FIRST_ROOT + i));
        }
        for (int i = 0; i < ROOTS; i++) {
            assertThat(d.frames.refCount(d.mfn(FIRST_ROOT + i))).as("root %d", i).isZero();
        }
    }

    private long value(Random chance) {
        return switch (chance.nextInt(4)) {
            case 0 -> 0;
            case 1 -> d.ma(1) | TABLE;
            case 2 -> d.ma(4) | TABLE;
            default -> d.ma(FIRST_ROOT + chance.nextInt(ROOTS)) | SELF_MAP;
        };
    }

    private void copyRoot(int pfn) {
        d.page(pfn).copyFrom(d.page(0));
    }

    private void loadKernel(int id, long mfn) {
        long rc;
        do {
            rc = roots.loadKernel(d.domain.vcpu(id), mfn);
            d.commitAll();
        } while (rc == PageTables.RETRY);
        loaded(id, 0, mfn, rc);
    }

    private void loadUser(int id, long mfn) {
        long rc;
        do {
            rc = roots.loadUser(d.domain.vcpu(id), mfn);
            d.commitAll();
        } while (rc == PageTables.RETRY);
        loaded(id, 1, mfn, rc);
    }

    /// Refused are tables that map others which are no longer tables themselves.
    private void loaded(int id, int mode, long mfn, long rc) {
        if (rc == 0) {
            loaded[id][mode] = mfn;
            done++;
        }
    }

    /// Refused or not; only a table in use is one whose entries are checked.
    private void update(int pfn, int slot, long value) {
        if (d.frames.typeCount(d.mfn(pfn)) > 0) {
            d.domain.pageTables().updateEntry(d.ma(pfn) + slot * 8L, value, false);
        }
    }

    private void assertLaws() {
        for (int id = 0; id < 2; id++) {
            Vcpu vcpu = d.domain.vcpu(id);
            assertSees(vcpu.window().kernelCr3(), loaded[id][0], d.monitor.kernelSlotEntry());
            assertSees(vcpu.window().userCr3(), loaded[id][1], d.monitor.userSlotEntry());
        }
        assertThat(Audit.differences(d.memory, d.frames)).isEmpty();
    }

    private void assertSees(long cr3, long namedMfn, long monitorEntry) {
        assertThat(cr3 == 0).isEqualTo(namedMfn == 0);
        for (int slot = 0; slot < 512 && cr3 != 0; slot++) {
            long entry = d.memory.readWord(cr3 + slot * 8L);
            if (slot == MonitorAbi.L4_SLOT) {
                assertThat(entry).isEqualTo(monitorEntry);
            } else if (slot < 256 || slot > 271) {
                assertThat(entry).as("slot %d", slot).isEqualTo(d.memory.readWord((namedMfn << 12) + slot * 8L));
            }
        }
    }
}
