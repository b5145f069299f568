package xenolith.vmm.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import xenolith.abi.XenGrantTable;
import xenolith.abi.XenVcpuInfo;
import xenolith.vmm.build.DomainBuilder;
import xenolith.vmm.build.PseudoPhysical;
import xenolith.vmm.build.StartOfDay;
import xenolith.vmm.control.DomainEnd;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.DomainParts;
import xenolith.vmm.gnttab.GrantTable;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.host.HostProfile;
import xenolith.vmm.hypercall.Hypercalls;
import xenolith.vmm.image.BadKernelException;
import xenolith.vmm.image.KernelImage;
import xenolith.vmm.image.KernelSymbols;
import xenolith.vmm.mm.Audit;
import xenolith.vmm.mm.PageTables;
import xenolith.vmm.monitor.Monitor;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;
import xenolith.vmm.port.SharedMemory;
import xenolith.vmm.port.SharedPage;
import xenolith.vmm.sched.GuestClock;

/// A domain from its building to its end: the tool's handle. Build it, connect the console and xenstore, start it,
/// wait for its end, close it.
public final class GuestDomain implements AutoCloseable {
    private static final int DOMID_0 = 0;

    private final Machine machine;
    private final Domain domain;
    private final StartOfDay start;
    private final GrantTable grants;
    private final int storePort;
    private final int consolePort;
    private final VcpuThreads vcpus;
    private volatile long firstEntryNanoTime;
    private boolean released;

    private GuestDomain(DomainSpec spec, HostProfile profile, Machine machine, int domid) {
        this.machine = machine;
        machine.assignFrames(domid);
        long sharedInfoMa = machine.sharedFrames(domid, 1) << MachineMemory.PAGE_SHIFT;
        long grantMfn = machine.hiddenFrames(GrantTable.framesFor(GrantTable.MAX_FRAMES));
        GuestClock clock = new GuestClock(machine.tscKhz(), machine.tscOffset());
        Monitor monitor = new Monitor(machine.memory(), machine.allocator(), spec.vcpuCount(),
                machine.m2pMa(), machine.m2p().segment().byteSize(), profile.canMapTraditionalM2p());
        this.domain = Domain.of(new DomainParts(domid, spec.name(), machine.memory(), machine.frames(), machine.m2p(),
                machine.domainFrames(), machine.spareFrames(), machine::discard, sharedInfoMa, spec.vcpuCount(), clock,
                monitor, machine.bells(profile), profile.hostWritesCoherent(), spec.log()));
        this.storePort = domain.events().allocBackend(0);
        this.consolePort = domain.events().allocBackend(0);
        domain.symbols(new KernelSymbols(spec.kernel(), Optional.of(KernelImage.defaultCacheDir())));
        this.start = buildImage(spec, sharedInfoMa);
        // A poller takes a core for itself, and so does a vcpu.
        boolean pollers = spec.poller() && Runtime.getRuntime().availableProcessors() >= 2 * spec.vcpuCount();
        this.vcpus = new VcpuThreads(domain, machine, pollers, profile);
        this.grants = new GrantTable(machine.memory(), machine.frames(), domain.pageTables(), grantMfn,
                GrantTable.MAX_FRAMES);
        vcpus.hypercalls(new Hypercalls(domain, grants, vcpus));
        seedGrants();
        clock.writeWallClock(machine.memory(), sharedInfoMa);
        loadInitialTables();
    }

    /// Builds a domain; it does not run yet.
    ///
    /// @throws BuildFailure if kernel or initrd cannot make one
    /// @throws xenolith.vmm.host.HostUnfit if this KVM lacks something that every domain needs
    /// @throws xenolith.posix.HostException if the host refuses
    public static GuestDomain build(DomainSpec spec, int domid) {
        HostProfile profile = HostProfile.current();
        profile.requireFit(spec.vcpuCount());
        Machine machine = new Machine(spec.name(), spec.memoryBytes(), spec.vcpuCount());
        try {
            return new GuestDomain(spec, profile, machine, domid);
        } catch (BadKernelException e) {
            machine.close();
            throw new BuildFailure(e.getMessage(), e);
        } catch (RuntimeException | Error e) {
            machine.close();
            throw e;
        }
    }

    private StartOfDay buildImage(DomainSpec spec, long sharedInfoMa) {
        PseudoPhysical frames = spec.scrambleFrames()
                ? PseudoPhysical.scrambled(machine.memory(), machine.domainMfn(), machine.domainFrames(),
                        System.nanoTime())
                : PseudoPhysical.ordered(machine.memory(), machine.domainMfn(), machine.domainFrames());
        try (Arena arena = Arena.ofShared();
                KernelImage image = KernelImage.read(spec.kernel(), Optional.of(KernelImage.defaultCacheDir()))) {
            MemorySegment initrd = spec.initrd() == null ? MemorySegment.NULL : map(spec.initrd(), arena);
            return new DomainBuilder(machine.memory(), frames, machine.m2p()).build(image,
                    new DomainBuilder.Guest(initrd, spec.cmdline(), sharedInfoMa, storePort, consolePort));
        }
    }

    private static MemorySegment map(Path file, Arena arena) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        } catch (IOException e) {
            throw new BadKernelException("initrd " + file + " cannot be read: " + e.getMessage());
        }
    }

    /// The toolstack grants domain 0 the console's and xenstore's rings (`GNTTAB_RESERVED_*`).
    private void seedGrants() {
        grants.seed(XenGrantTable.GNTTAB_RESERVED_CONSOLE, DOMID_0, start.consoleMfn());
        grants.seed(XenGrantTable.GNTTAB_RESERVED_XENSTORE, DOMID_0, start.storeMfn());
    }

    /// As the toolstack does before a domain starts: the initial L4 is pinned and loaded.
    private void loadInitialTables() {
        domain.lock().lock();
        try {
            check("pin of the initial page tables", pinInPieces(start.rootMfn()));
            check("load of the initial page tables", domain.roots().loadKernel(domain.vcpu(0), start.rootMfn()));
            check("hold of the console's ring", domain.pageTables().getWritable(start.consoleMfn()));
            check("hold of xenstore's ring", domain.pageTables().getWritable(start.storeMfn()));
            for (int id = 0; id < domain.vcpuCount(); id++) {
                domain.clock().writeTimeInfo(domain.memory(), domain.vcpu(id).vcpuInfoMa()
                        + XenVcpuInfo.TIME_OFFSET);
            }
            domain.commits().discard();
        } finally {
            domain.lock().unlock();
        }
    }

    /// A big guest's first tables are more than one call validates.
    private long pinInPieces(long rootMfn) {
        long rc;
        do {
            rc = domain.pageTables().pin(rootMfn, 4);
        } while (rc == PageTables.RETRY);
        return rc;
    }

    private void check(String what, long rc) {
        if (rc < 0) {
            throw new IllegalStateException(what + ": " + rc + ", " + domain.pageTables().refusals().format());
        }
    }

    // ---- for the backends

    public SharedPage consolePage() {
        return page(start.consoleMfn());
    }

    public SharedPage storePage() {
        return page(start.storeMfn());
    }

    private SharedPage page(long mfn) {
        MemorySegment segment = machine.memory().frame(mfn);
        return () -> segment;
    }

    public EventPort consoleEvents() {
        return domain.events().backendPort(consolePort);
    }

    public EventPort storeEvents() {
        return domain.events().backendPort(storePort);
    }

    /// What device backends use, who end their connections before the domain is closed.
    public DeviceAccess devices() {
        return new DeviceAccess() {
            @Override
            public GrantAccess grants() {
                return grants.backend(domain.lock(), domain::commitSoon);
            }

            @Override
            public Optional<EventPort> bind(int guestPort) {
                return domain.events().bindBackend(guestPort);
            }

            @Override
            public void working(boolean begins) {
                vcpus.processors().working(begins);
            }

            @Override
            public Runnable workingElsewhere(IntSupplier threads) {
                return vcpus.processors().workingElsewhere(threads);
            }
        };
    }

    /// Its memory, for backends in other processes.
    public SharedMemory memory() {
        return machine.sharedMemory();
    }

    public int consolePort() {
        return consolePort;
    }

    public int storePort() {
        return storePort;
    }

    public long consoleMfn() {
        return start.consoleMfn();
    }

    public long storeMfn() {
        return start.storeMfn();
    }

    // ---- running

    /// Starts vcpu 0; the guest starts the others.
    public void start() {
        domain.lock().lock();
        try {
            firstEntryNanoTime = System.nanoTime();
            vcpus.boot(start);
        } finally {
            domain.lock().unlock();
        }
    }

    /// When the guest's first instruction was about to run, by [System#nanoTime].
    public long firstEntryNanoTime() {
        return firstEntryNanoTime;
    }

    /// Waits for the domain's end and for its threads.
    public DomainEnd await() throws InterruptedException {
        // A thread of a vcpu that came up later joins the list before the one that brought it up ends.
        for (int joined = 0; joined < vcpus.threads().size(); joined++) {
            vcpus.threads().get(joined).join();
        }
        return domain.end();
    }

    /// Counts all references of the domain anew and compares them with what the validator keeps, then has the dead
    /// domain let go of everything and looks whether every count is 0: one line for each thing that is not as it must
    /// be. After [#await], and once the backends have closed their grants.
    public List<String> audit() {
        domain.lock().lock();
        try {
            List<String> lines = new ArrayList<>(Audit.differences(machine.memory(), machine.frames()));
            release();
            lines.addAll(Audit.differences(machine.memory(), machine.frames()));
            lines.addAll(Audit.leftovers(machine.frames()));
            return lines;
        } finally {
            domain.lock().unlock();
        }
    }

    /// Once, with the lock held and all threads ended.
    private void release() {
        if (!released) {
            released = true;
            grants.release();
            domain.pageTables().putWritable(start.consoleMfn());
            domain.pageTables().putWritable(start.storeMfn());
            domain.release();
        }
    }

    /// Ends the domain from outside.
    public void destroy() {
        domain.end(new DomainEnd.Destroyed());
    }

    /// Whether it runs no more. Any thread.
    public boolean hasEnded() {
        return domain.end() != null;
    }

    /// What it has of the host now. Any thread, until [#close].
    public DomainUse use() {
        return DomainUse.of(domain);
    }

    public DomainReport report() {
        return new DomainReport(domain);
    }

    /// Ends the domain if it still runs, then gives everything back.
    @Override
    public void close() {
        destroy();
        boolean interrupted = false;
        for (Thread thread : vcpus.threads()) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        machine.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
