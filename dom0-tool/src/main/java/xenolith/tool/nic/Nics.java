package xenolith.tool.nic;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import xenolith.backend.DeviceCounters;
import xenolith.backend.DeviceId;
import xenolith.backend.net.NetBackend;
import xenolith.backend.net.NetWorker;
import xenolith.tool.device.BackendPlace;
import xenolith.tool.device.DeviceKind;
import xenolith.tool.device.HostedDevice;
import xenolith.tool.input.BadInputException;
import xenolith.vmm.port.DeviceAccess;

/// The network interfaces that a domain can have, and the threads that serve them: the same for all of its interfaces, one
/// for each queue that an interface can have. Closed after the domain has stopped and before its memory goes.
public final class Nics implements DeviceKind, AutoCloseable {
    public static final String NAME = "nic";
    /// As many as a thread serves.
    private static final int MAX_NICS = NetWorker.MAX_QUEUES;
    /// More threads than that are no faster.
    private static final int MAX_QUEUES = 4;

    private final String domainName;
    private final DeviceAccess domain;
    private final int domid;
    private final int queueCount;
    private final List<NetWorker> workers = new ArrayList<>();
    private final RemoteNics remote;
    private final Map<String, DeviceCounters> drivers = new ConcurrentHashMap<>();

    /// @param remote opens the interfaces that other processes serve
    public Nics(String domainName, DeviceAccess domain, int domid, int vcpuCount, RemoteNics remote) {
        this.remote = remote;
        this.domainName = domainName;
        this.domain = domain;
        this.domid = domid;
        this.queueCount = Math.min(vcpuCount, MAX_QUEUES);
    }

    @Override
    public String name() {
        return NAME;
    }

    /// The interface gets the lowest number that is free.
    @Override
    public HostedDevice open(String text, Path directory, Taken taken) {
        return open(NicConfig.parse(text, directory), taken.free(0), directory);
    }

    /// Likewise, for a domain that begins: files lie where this process stands.
    public HostedDevice open(NicConfig config, long number) {
        return open(config, number, Path.of(""));
    }

    /// Makes the attachment of an interface.
    ///
    /// @param number    which of the domain's interfaces it is, from 0
    /// @param directory below which files lie that are named without a slash in front
    /// @throws BadInputException if it cannot be attached to what it asks for, or its rules are wrong
    private HostedDevice open(NicConfig config, long number, Path directory) {
        if (number >= MAX_NICS) {
            throw new BadInputException("a domain has at most " + MAX_NICS + " network interfaces");
        }
        MacAddress mac = config.mac().orElseGet(() -> MacAddress.derived(domainName, number));
        DeviceId id = new DeviceId(domid, "vif", number);
        HostedDevice nic = config.place() instanceof BackendPlace.Here ? opened(config, id, mac, directory)
                : remote.open(config, id, mac, queueCount, this::workers);
        drivers.put(nic.name(), nic.driver());
        return nic;
    }

    private Nic opened(NicConfig config, DeviceId id, MacAddress mac, Path directory) {
        NicFirewall firewall = NicFirewall.of(config, mac, directory);
        NicLinks.Attached attached = NicLinks.open(config, domainName + "'s vif" + id.number());
        try {
            NicLimit limit = new NicLimit(config.rate());
            NetBackend driver = new NetBackend(domain, attached.link(), firewall.filter(), limit.credit(), workers());
            return new Nic(config, id, mac, attached.name(), firewall, limit, driver);
        } catch (RuntimeException e) {
            attached.link().close();
            throw e;
        }
    }

    private synchronized List<NetWorker> workers() {
        while (workers.size() < queueCount) {
            workers.add(new NetWorker("net-" + domid + '-' + workers.size(), domain));
        }
        return workers;
    }

    /// What each interface has done, by name; of several of the same number, the last one.
    public Map<String, Map<String, Long>> counters() {
        Map<String, Map<String, Long>> counters = new TreeMap<>();
        drivers.forEach((name, driver) -> counters.put(name, driver.counters()));
        return counters;
    }

    /// Ends the threads. All interfaces are closed by then.
    @Override
    public void close() {
        workers.forEach(NetWorker::close);
        workers.clear();
    }
}
