package xenolith.vmm.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import xenolith.vmm.control.DomainLog;
import xenolith.vmm.evtchn.SendBells;
import xenolith.vmm.gnttab.GrantTable;
import xenolith.vmm.guest.FrameAllocator;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.FrameTable;
import xenolith.vmm.mm.MachineToPhys;
import xenolith.vmm.monitor.Monitor;
import xenolith.vmm.monitor.MonitorView;
import xenolith.vmm.monitor.Ring0;
import xenolith.vmm.sched.GuestClock;

/// A domain of 1 MiB over plain memory, with page tables made by hand and loaded on vcpu 0, and nobody to run it.
///
/// pfns 0–3 are tables of levels 4–1 that map pfns 0–199 at [#BASE_VA], tables read-only. pfns 4–6 are the tables of
/// [#ENDLESS_VA]: 512 GiB of one and the same page, pfn 7. pfns from [#SPARE] on are mapped nowhere.
public final class TestDomain implements DomainLog {
    public static final int DOMID = 5;
    public static final long BASE_VA = 0xffff_8880_0000_0000L;
    public static final long ENDLESS_VA = 0xffff_8c00_0000_0000L;
    public static final int ENDLESS_PFN = 7;
    public static final int FIRST_DATA = 8;
    public static final int SPARE = 200;
    public static final int FRAMES = 256;
    public static final int MAX_GRANT_FRAMES = 4;
    /// Free frames of the machine that the domain may have in exchange for its own.
    public static final int SPARE_FRAMES = 16;
    private static final int MACHINE_FRAMES = 512;
    private static final long TABLE = 0x67;
    private static final long DATA = 0x27;
    private static final long READ_ONLY = 0x25;

    public final MachineMemory memory = new MachineMemory(Arena.ofAuto().allocate(MACHINE_FRAMES * 4096L, 4096));
    public final FrameTable frames = new FrameTable(MACHINE_FRAMES);
    public final Domain domain;
    public final GrantTable grants;
    public final Monitor monitor;
    public final long firstMfn;
    public final long sharedInfoMa;
    public final long grantMfn;
    public final List<String> lines = new ArrayList<>();
    /// How many frames went back to the host.
    public int discarded;
    public final StringBuilder output = new StringBuilder();

    public TestDomain() {
        this(1, false);
    }

    public TestDomain(int vcpuCount, boolean hostWritesCoherent) {
        FrameAllocator allocator = new FrameAllocator(memory);
        firstMfn = allocator.allocate(FRAMES);
        for (int pfn = 0; pfn < FRAMES; pfn++) {
            frames.assign(mfn(pfn), DOMID);
        }
        long m2pMfn = allocator.allocate(1);
        MachineToPhys m2p = new MachineToPhys(memory.frame(m2pMfn));
        sharedInfoMa = shared(allocator, 1) << 12;
        grantMfn = allocator.allocate(GrantTable.framesFor(MAX_GRANT_FRAMES));
        monitor = new Monitor(memory, allocator, vcpuCount, m2pMfn << 12, 4096, true);
        domain = Domain.of(new DomainParts(DOMID, "test", memory, frames, m2p, FRAMES,
                spare(allocator), this::discard, sharedInfoMa, vcpuCount,
                new GuestClock(2_000_000, 0), monitor, SendBells.NONE, hostWritesCoherent, this));
        for (int pfn = 0; pfn < FRAMES; pfn++) {
            m2p.set(mfn(pfn), pfn);
        }
        grants = new GrantTable(memory, frames, domain.pageTables(), grantMfn, MAX_GRANT_FRAMES);
        buildTables();
        check(domain.pageTables().pin(mfn(0), 4));
        check(domain.roots().loadKernel(domain.vcpu(0), mfn(0)));
        domain.commits().discard();
        domain.commits().startsOn(0, domain.vcpu(0).window().kernelCr3());
        domain.vcpuUp(domain.vcpu(0), true);
    }

    private static FreeFrames spare(FrameAllocator allocator) {
        FreeFrames free = new FreeFrames(MACHINE_FRAMES);
        free.add(allocator.allocateAligned(SPARE_FRAMES, SPARE_FRAMES), SPARE_FRAMES);
        return free;
    }

    private void discard(long mfn, long count) {
        for (long i = 0; i < count; i++) {
            assertThat(frames.refCount(mfn + i)).as("nobody refers to what is discarded").isZero();
            memory.clearFrame(mfn + i);
            discarded++;
        }
    }

    private long shared(FrameAllocator allocator, int count) {
        long mfn = allocator.allocate(count);
        for (int i = 0; i < count; i++) {
            frames.assignShared(mfn + i, DOMID, true);
        }
        return mfn;
    }

    private void buildTables() {
        entry(0, (int) (BASE_VA >>> 39 & 511), 1, TABLE);
        entry(1, 0, 2, TABLE);
        entry(2, 0, 3, TABLE);
        for (int pfn = 0; pfn < SPARE; pfn++) {
            entry(3, pfn, pfn, pfn < ENDLESS_PFN ? READ_ONLY : DATA);
        }
        entry(0, (int) (ENDLESS_VA >>> 39 & 511), 4, TABLE);
        for (int slot = 0; slot < 512; slot++) {
            entry(4, slot, 5, TABLE);
            entry(5, slot, 6, TABLE);
            entry(6, slot, ENDLESS_PFN, READ_ONLY);
        }
    }

    private static void check(long rc) {
        if (rc != 0) {
            throw new IllegalStateException("building the test domain: " + rc);
        }
    }

    /// What the guest stored in a table before it became one.
    public void entry(int tablePfn, int slot, int pfn, long flags) {
        memory.writeWord(ma(tablePfn) + slot * 8L, mfn(pfn) << 12 | flags);
    }

    public long mfn(int pfn) {
        return firstMfn + pfn;
    }

    public long ma(int pfn) {
        return mfn(pfn) << 12;
    }

    public long va(int pfn) {
        return BASE_VA + ((long) pfn << 12);
    }

    /// Machine address of the level-1 entry that maps `pfn` at [#va].
    public long l1EntryMa(int pfn) {
        return ma(3) + pfn * 8L;
    }

    /// The bytes of a page of the guest.
    public MemorySegment page(int pfn) {
        return memory.frame(mfn(pfn));
    }

    public MonitorView kernelView() {
        return new MonitorView(memory, monitor.kernelSlotEntry());
    }

    /// As ring 0 and the exit loop do together, on every vcpu: all that is queued is committed, and new roots are loaded.
    public void commitAll() {
        for (int id = 0; id < domain.vcpuCount(); id++) {
            boolean more = true;
            while (more) {
                more = domain.prepareCommit(domain.vcpu(id), 0);
                Ring0.commit(memory, monitor, id);
            }
        }
        assertThat(domain.settleCommits(domain.vcpu(0))).isTrue();
    }

    @Override
    public void line(String text) {
        lines.add(text);
    }

    @Override
    public void guestOutput(byte[] bytes, int byteLength) {
        output.append(new String(bytes, 0, byteLength, StandardCharsets.ISO_8859_1));
    }

    @Override
    public boolean traces(Trace kind) {
        return kind == Trace.REFUSALS;
    }
}
