package xenolith.tool.run;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import xenolith.backend.XenstoreRingTransport;
import xenolith.backend.console.ConsoleBackend;
import xenolith.posix.HostException;
import xenolith.tool.console.Channels;
import xenolith.tool.console.ConsolePump;
import xenolith.tool.console.GuestConsole;
import xenolith.tool.device.Devices;
import xenolith.tool.directory.RunDirectory;
import xenolith.tool.directory.StartClock;
import xenolith.tool.disk.Disks;
import xenolith.tool.disk.RemoteDisks;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.HostUnfitException;
import xenolith.tool.nic.Nics;
import xenolith.tool.nic.RemoteNics;
import xenolith.vmm.control.DomainLog;
import xenolith.vmm.host.HostUnfit;
import xenolith.vmm.machine.BuildFailure;
import xenolith.vmm.machine.DomainReport;
import xenolith.vmm.machine.DomainSpec;
import xenolith.vmm.machine.GuestDomain;
import xenolith.xenstore.DomainDescription;
import xenolith.xenstore.DomainTree;
import xenolith.xenstore.Path;
import xenolith.xenstore.Quota;
import xenolith.xenstore.Store;
import xenolith.xenstore.StoreClient;
import xenolith.xenstore.XenstoreServer;

/// Runs a domain in this process: the machine, and beside it the console and xenstore.
final class LocalRunner implements DomainRunner {
    static final int DOMID = 1;
    private static final double NS_PER_MS = 1e6;

    @Override
    public DomainResult run(DomainConfig config, GuestConsole console, RunDirectory directory) {
        Times times = new Times();
        times.jvmStart();
        try (PatientWait untilEnd = new PatientWait(); OutsideAccess.Sockets sockets = OutsideAccess.Sockets.bind(directory);
                BackgroundLog log = BackgroundLog.to(System.err, config.traces());
                GuestDomain domain = GuestDomain.build(spec(config, log), DOMID)) {
            times.mark("domain_built");
            return runBuilt(new Run(config, directory, sockets, untilEnd, times), console, domain);
        } catch (BuildFailure e) {
            throw new BadInputException(e.getMessage());
        } catch (HostException | HostUnfit e) {
            throw new HostUnfitException(e.getMessage());
        }
    }

    /// What belongs to one run beside its domain.
    private record Run(DomainConfig config, RunDirectory directory, OutsideAccess.Sockets sockets, PatientWait untilEnd,
            Times times) {
    }

    private static DomainResult runBuilt(Run run, GuestConsole console, GuestDomain domain) {
        DomainConfig config = run.config;
        try (XenstoreServer server = new XenstoreServer(new Store(Quota.DEFAULT));
                ConsoleBackend backend = new ConsoleBackend(config.name(), domain.consolePage(),
                        domain.consoleEvents(), console::write)) {
            server.start();
            backend.start();
            StoreClient client = server.client();
            introduce(config, console, domain, server, client);
            ConsolePump.start(console, backend.input());
            Nics nics = new Nics(config.name(), domain.devices(), DOMID, config.vcpuCount(),
                    new RemoteNics(domain.devices(), domain.memory(), run.directory.path()));
            Disks disks = new Disks(domain.devices(), DOMID, config.vcpuCount(),
                    new RemoteDisks(domain.devices(), domain.memory(), run.directory.path()));
            var end = runWithDevices(run, disks, nics, domain, server, client);
            run.times.mark("end");
            server.domainShutDown(DOMID);
            backend.drainAndClose();
            server.forget(DOMID);
            Optional<List<String>> audit = config.audit() ? Optional.of(domain.audit()) : Optional.empty();
            markFirsts(run.times, domain, backend);
            return new DomainResult(end(end), stats(domain.report(), disks, nics, run.times), audit);
        }
    }

    /// The store knows the domain, and the domain's ring leads to it.
    private static void introduce(DomainConfig config, GuestConsole console, GuestDomain domain, XenstoreServer server,
            StoreClient client) {
        DomainTree.writeDom0(client);
        DomainTree.write(client, description(config, domain));
        if (console.terminal() != null) {
            client.write(Path.home(DOMID) + "/console/tty", console.terminal());
        }
        server.introduce(DOMID, new XenstoreServer.DomainRing(domain.storeMfn(), domain.storePort(),
                () -> new XenstoreRingTransport(domain.storePage(), domain.storeEvents())));
    }

    private static void markFirsts(Times times, GuestDomain domain, ConsoleBackend backend) {
        times.at("first_guest_instruction", domain.firstEntryNanoTime());
        if (backend.sawOutput()) {
            times.at("first_console_byte", backend.firstByteNanoTime());
        }
    }

    /// The sockets for other processes are served after the guest's start, which does not wait for that.
    private static xenolith.vmm.control.DomainEnd runWithDevices(Run run, Disks disks, Nics nics, GuestDomain domain,
            XenstoreServer server, StoreClient client) {
        DomainConfig config = run.config;
        Channels channels = new Channels(domain.devices(), DOMID);
        try (nics; Devices devices = new Devices(client, List.of(disks, nics, channels))) {
            config.disks().forEach(disk -> devices.add(Disks.NAME, disks.open(disk)));
            for (int number = 0; number < config.nics().size(); number++) {
                devices.add(Nics.NAME, nics.open(config.nics().get(number), number));
            }
            config.channels().forEach(channel ->
                    devices.add(Channels.NAME, channels.open(channel, devices.taken(Channels.NAME))));
            domain.start();
            try (OutsideAccess _ = OutsideAccess.open(config, run.sockets, domain, server, devices)) {
                return run.untilEnd.await(domain::await, domain::destroy);
            }
        }
    }

    private static DomainSpec spec(DomainConfig config, DomainLog log) {
        return new DomainSpec(config.name(), config.memoryBytes(), config.vcpuCount(), config.kernel(),
                config.initrd(), config.cmdline(), config.scrambleFrames(), config.poller(),
                log);
    }

    private static DomainDescription description(DomainConfig config, GuestDomain domain) {
        long kib = config.memoryBytes() >> 10;
        return new DomainDescription(DOMID, UUID.randomUUID(), config.name(), config.vcpuCount(), config.vcpuCount(),
                kib, kib, new DomainDescription.Ring(domain.storeMfn(), domain.storePort()),
                new DomainDescription.Ring(domain.consoleMfn(), domain.consolePort()));
    }

    private static DomainEnd end(xenolith.vmm.control.DomainEnd end) {
        return switch (end) {
            case xenolith.vmm.control.DomainEnd.PoweredOff _ -> new DomainEnd.PoweredOff();
            case xenolith.vmm.control.DomainEnd.Rebooted _ -> new DomainEnd.Rebooted();
            case xenolith.vmm.control.DomainEnd.Suspended _ -> new DomainEnd.Suspended();
            case xenolith.vmm.control.DomainEnd.WatchdogExpired _ -> new DomainEnd.WatchdogExpired();
            case xenolith.vmm.control.DomainEnd.Crashed(String reason, String report) ->
                new DomainEnd.Crashed(reason + "\n" + report);
            case xenolith.vmm.control.DomainEnd.Destroyed _ -> new DomainEnd.Destroyed();
        };
    }

    private static DomainStats stats(DomainReport report, Disks disks, Nics nics, Times times) {
        Map<String, Long> traps = new LinkedHashMap<>();
        report.traps().forEach((vector, count) -> traps.put(Integer.toString(vector), count));
        return new DomainStats(report.exits(), report.hypercalls(), traps, report.refusals(), report.commits(),
                disks.counters(), nics.counters(), times.inMs);
    }

    /// Milliseconds since the process began.
    private static final class Times {
        private final long origin = StartClock.originNanoTime();
        private final Map<String, Double> inMs = new LinkedHashMap<>();

        void jvmStart() {
            mark("jvm_start");
        }

        void mark(String what) {
            at(what, System.nanoTime());
        }

        void at(String what, long nanoTime) {
            inMs.put(what, Math.round((nanoTime - origin) / NS_PER_MS * 10) / 10.0);
        }
    }
}
