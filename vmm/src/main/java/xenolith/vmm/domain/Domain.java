package xenolith.vmm.domain;

import java.lang.foreign.MemorySegment;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;
import xenolith.abi.XenSharedInfo;
import xenolith.abi.XenVcpuInfo;
import xenolith.vmm.control.DomainEnd;
import xenolith.vmm.control.DomainLog;
import xenolith.vmm.evtchn.EventChannels;
import xenolith.vmm.evtchn.GuestFrames;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.FrameTable;
import xenolith.vmm.mm.MachineToPhys;
import xenolith.vmm.mm.PageTables;
import xenolith.vmm.monitor.CommitQueue;
import xenolith.vmm.monitor.Monitor;
import xenolith.vmm.sched.GuestClock;

/// A domain: what Xen keeps of one. Its registers and memory slots are KVM's, its devices are the backends'.
///
/// [#lock] guards all of it that hypercalls change, page tables above all. Order: the domain's lock, then the event
/// channels' own.
public final class Domain {
    private final int domid;
    private final String name;
    private final MachineMemory memory;
    private final MachineToPhys m2p;
    private final FrameTable frames;
    private final UUID uuid = UUID.randomUUID();
    private final long sharedInfoMa;
    private final GuestClock clock;
    private final Monitor monitor;
    private final CommitQueue commits;
    private final DomainEntryWriter entryWriter;
    private final PageTables pageTables;
    private final Reservation reservation;
    private final Roots roots;
    private final GuestMemory guestMemory;
    private final GuestFrames lentFrames = new LentFrames();
    private final RefusalTrace refusalTrace;
    private final EventChannels events;
    private final GuestGdts gdts;
    private final GuestLdts ldts;
    private final Vcpu[] vcpus;
    private final Counters counters = new Counters();
    private final ReentrantLock lock = new ReentrantLock();
    private final Watchdogs watchdogs = new Watchdogs(this, lock);
    private final Assists assists = new Assists();
    private final AtomicReference<DomainEnd> end = new AtomicReference<>();
    private final DomainLog log;
    private final boolean hostWritesCoherent;
    private int vcpusUp;
    private boolean commitAwaited;
    private LongFunction<String> symbols = _ -> "";

    Domain(DomainParts parts) {
        this.domid = parts.domid();
        this.name = parts.name();
        this.memory = parts.memory();
        this.m2p = parts.m2p();
        this.frames = parts.frames();
        this.sharedInfoMa = parts.sharedInfoMa();
        this.clock = parts.clock();
        this.monitor = parts.monitor();
        this.log = parts.log();
        this.hostWritesCoherent = parts.hostWritesCoherent();
        this.commits = new CommitQueue(memory, parts.hostWritesCoherent(), parts.vcpuCount());
        this.entryWriter = new DomainEntryWriter(memory, commits);
        this.pageTables = new PageTables(memory, parts.frames(), domid, entryWriter);
        this.reservation = new Reservation(parts, pageTables);
        this.roots = new Roots(this, entryWriter, parts.vcpuCount());
        entryWriter.roots(roots);
        this.guestMemory = new GuestMemory(memory, pageTables);
        this.refusalTrace = new RefusalTrace(this);
        this.vcpus = new Vcpu[parts.vcpuCount()];
        this.events = new EventChannels(domid, memory, sharedInfoMa, vcpus, parts.bells());
        this.gdts = new GuestGdts(this, vcpus.length);
        this.ldts = new GuestLdts(this, vcpus.length);
        for (int id = 0; id < vcpus.length; id++) {
            long infoMa = sharedInfoMa + XenVcpuInfo.SIZEOF * id;
            vcpus[id] = new Vcpu(id, this, monitor.window(id), clock, infoMa);
            monitor.mapVcpuInfo(id, infoMa);
        }
        maskAllEvents();
    }

    /// As Xen's domain builder does, also for vcpus that there are not.
    private void maskAllEvents() {
        MemorySegment shared = memory.frame(sharedInfoMa >>> MachineMemory.PAGE_SHIFT);
        for (int id = 0; id < XenSharedInfo.XEN_LEGACY_MAX_VCPUS; id++) {
            XenVcpuInfo.evtchnUpcallMask(shared, XenSharedInfo.vcpuInfo(0, id), 1);
        }
    }

    public static Domain of(DomainParts parts) {
        return new Domain(parts);
    }

    public int domid() {
        return domid;
    }

    public String name() {
        return name;
    }

    public MachineMemory memory() {
        return memory;
    }

    public MachineToPhys m2p() {
        return m2p;
    }

    /// How many frames it owns, and may own.
    public Reservation reservation() {
        return reservation;
    }

    public boolean owns(long mfn) {
        return frames.isOwnedBy(mfn, domid);
    }

    /// The upper half of the domain's handle, as `xen_version` tells it.
    public long uuidHigh() {
        return uuid.getMostSignificantBits();
    }

    public long uuidLow() {
        return uuid.getLeastSignificantBits();
    }

    public long sharedInfoMa() {
        return sharedInfoMa;
    }

    public GuestClock clock() {
        return clock;
    }

    public Monitor monitor() {
        return monitor;
    }

    public CommitQueue commits() {
        return commits;
    }

    public PageTables pageTables() {
        return pageTables;
    }

    /// Frames that the domain gives for its event queues.
    public GuestFrames lentFrames() {
        return lentFrames;
    }

    public RefusalTrace refusalTrace() {
        return refusalTrace;
    }

    public GuestMemory guestMemory() {
        return guestMemory;
    }

    public EventChannels events() {
        return events;
    }

    public GuestGdts gdts() {
        return gdts;
    }

    public GuestLdts ldts() {
        return ldts;
    }

    public Watchdogs watchdogs() {
        return watchdogs;
    }

    public Assists assists() {
        return assists;
    }

    public Counters counters() {
        return counters;
    }

    public DomainLog log() {
        return log;
    }

    public ReentrantLock lock() {
        return lock;
    }

    public int vcpuCount() {
        return vcpus.length;
    }

    public Vcpu vcpu(int id) {
        return vcpus[id];
    }

    public int vcpusUp() {
        return vcpusUp;
    }

    /// A vcpu went up or down.
    public void vcpuUp(Vcpu vcpu, boolean up) {
        if (vcpu.isUp() != up) {
            vcpu.up(up);
            vcpusUp += up ? 1 : -1;
        }
    }

    /// Whether `vcpu` was sent through a commit and has not run it.
    public boolean hasCommitDue(Vcpu vcpu) {
        return !commits.proofs().proven(vcpu.window(), vcpu.id());
    }

    /// Has what is queued committed soon, for somebody outside the guest who waits for it: any vcpu that is up may do it,
    /// one that sleeps too. With the lock held.
    public void commitSoon() {
        commits.require();
        commitAwaited = true;
        for (Vcpu vcpu : vcpus) {
            if (vcpu.isUp()) {
                vcpu.interrupt();
            }
        }
    }

    /// Whether somebody waits for a commit, so that no vcpu shall sleep before one. With the lock held.
    public boolean isCommitAwaited() {
        return commitAwaited;
    }

    /// Prepares a commit of what is queued, see [CommitQueue#prepare].
    public boolean prepareCommit(Vcpu vcpu, long rsp) {
        commitAwaited = false;
        flushOthers(vcpu);
        return commits.prepare(monitor, vcpu.id(), rsp, entryWriter.epoch().begin());
    }

    /// Has every other vcpu that runs leave the guest, and flush before it comes back: where the hardware walks the
    /// guest's own tables, nobody does that for us. Waits until they are out, which a kick takes them microseconds.
    private void flushOthers(Vcpu caller) {
        if (!hostWritesCoherent) {
            return;
        }
        // One that is down may not have left the guest yet.
        for (Vcpu vcpu : vcpus) {
            if (vcpu != caller) {
                vcpu.wantFlush();
                vcpu.interrupt();
            }
        }
        for (Vcpu vcpu : vcpus) {
            while (vcpu != caller && vcpu.where() == Vcpu.IN_GUEST) {
                Thread.onSpinWait();
            }
        }
    }

    /// Takes note of commits that have been run. False if `vcpu`, which is out of the guest, did not run its own: it
    /// evaded it, for the way out of the stub leads through it.
    public boolean settleCommits(Vcpu vcpu) {
        if (hasCommitDue(vcpu)) {
            return false;
        }
        entryWriter.epoch().settle(commits.proofs().settled());
        return true;
    }

    public Roots roots() {
        return roots;
    }

    /// Says how to name the place of an address in the guest's kernel.
    public void symbols(LongFunction<String> names) {
        symbols = names;
    }

    /// Where in the kernel `va` lies, as `start_kernel+0x12`; empty if nobody knows.
    public String symbol(long va) {
        return symbols.apply(va);
    }

    // ---- the end

    /// Ends the domain, unless it has ended: the first reason counts.
    public void end(DomainEnd how) {
        if (end.compareAndSet(null, how)) {
            for (Vcpu vcpu : vcpus) {
                vcpu.interrupt();
            }
            watchdogs.stop();
        }
    }

    /// Null while it lives.
    public DomainEnd end() {
        return end.get();
    }

    /// The domain is dead and nothing of it runs any more: lets go of every frame that it held by roots, descriptor
    /// tables, event queues and `vcpu_info` pages, and of its pins.
    ///
    /// @return how many of its frames somebody else still refers to; 0 when all that was lent was given back first
    public long release() {
        roots.release();
        gdts.release();
        ldts.release();
        events.closeSome(0, Integer.MAX_VALUE);
        if (events.reset(lentFrames) < 0) {
            throw new IllegalStateException("a dead domain opens ports");
        }
        for (Vcpu vcpu : vcpus) {
            if (vcpu.hasOwnVcpuInfo()) {
                pageTables.putWritable(vcpu.vcpuInfoMa() >>> MachineMemory.PAGE_SHIFT);
            }
        }
        long left = pageTables.release();
        commits.discard();
        return left;
    }

    private final class LentFrames implements GuestFrames {
        @Override
        public long getWritable(long mfn) {
            return pageTables.getWritable(mfn);
        }

        @Override
        public void putWritable(long mfn) {
            pageTables.putWritable(mfn);
        }
    }
}
