package xenolith.tool.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import xenolith.tool.directory.RunDirectory;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.ControlException;
import xenolith.tool.input.MemorySize;
import xenolith.tool.nic.Nics;
import xenolith.xenstore.socket.SocketClient;

/// A domain that some process runs, as other processes see it. What a guest can do for itself it is asked to do through
/// the store, as Xen's tools ask; what it cannot is done by its process.
///
/// Every method throws [ControlException] where the domain has ended meanwhile or does not answer.
public final class RunningDomain {
    private static final Duration END_PATIENCE = Duration.ofSeconds(30);
    private static final long RELEASE_CHECK_MS = 10;

    private final String name;
    private final Path directory;

    RunningDomain(String name, Path directory) {
        this.name = name;
        this.directory = directory;
    }

    public String name() {
        return name;
    }

    /// Whether a process listens.
    boolean answers() {
        try {
            ControlClient.connect(directory.resolve(RunDirectory.CONTROL_SOCKET)).close();
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    /// Whether its directory is there but a socket is not yet.
    boolean isStarting() {
        return Files.isDirectory(directory) && !Files.exists(directory.resolve(RunDirectory.CONTROL_SOCKET));
    }

    public DomainStatus status() {
        try (ControlClient client = control()) {
            return DomainStatus.of(client.ask("status"));
        }
    }

    /// Its devices of one kind, such as `disk`.
    public RunningDevices devices(String kind) {
        return new RunningDevices(kind, this::control);
    }

    /// The firewall of one of its network interfaces.
    ///
    /// @param nic its name, or empty for the only one
    public RunningFirewall firewall(String nic) {
        return new RunningFirewall(devices(Nics.NAME), nic);
    }

    /// Its store.
    public DomainStore store() {
        try {
            return new DomainStore(SocketClient.connect(directory.resolve(RunDirectory.XENSTORE_SOCKET),
                    ControlClient.PATIENCE));
        } catch (IOException e) {
            throw new ControlException("the store of " + name + " cannot be reached: " + e.getMessage(), e);
        }
    }

    /// Ends it at once, without asking the guest. Returns when it has ended and its name is free.
    public void destroy() {
        String pid = pid();
        try (ControlClient waiter = control(); ControlClient client = control()) {
            client.ask("destroy");
            if (!waiter.awaitEnd(END_PATIENCE)) {
                throw new ControlException(name + " has not ended after " + END_PATIENCE.toSeconds()
                        + " seconds; its process is " + pid.strip());
            }
        }
        awaitRelease(pid);
    }

    /// Waits until it has ended and its name is free; returns false if it has not ended after `patience`.
    public boolean awaitEnd(Duration patience) {
        String pid = pid();
        try (ControlClient client = control()) {
            if (!client.awaitEnd(patience)) {
                return false;
            }
        }
        awaitRelease(pid);
        return true;
    }

    /// Its process tidies up after the domain's end, which takes a moment. Whoever holds the name after that is another.
    private void awaitRelease(String pid) {
        long deadline = System.nanoTime() + END_PATIENCE.toNanos();
        try {
            while (!pid.isEmpty() && pid.equals(pid()) && System.nanoTime() < deadline) {
                Thread.sleep(RELEASE_CHECK_MS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// What its directory says of its process; nothing if there is none.
    private String pid() {
        try {
            return Files.readString(directory.resolve(RunDirectory.PID));
        } catch (IOException _) {
            return "";
        }
    }

    /// Asks the guest's kernel to shut down: `poweroff` or `reboot`.
    public void requestShutdown(String how) {
        try (DomainStore store = store()) {
            store.write(home(store) + "/control/shutdown", how);
        }
    }

    /// Types Alt-SysRq and `key` at the guest's kernel.
    public void sysrq(char key) {
        if (key < ' ' || key > '~') {
            throw new BadInputException("a SysRq key is one printable character");
        }
        try (DomainStore store = store()) {
            store.write(home(store) + "/control/sysrq", String.valueOf(key));
        }
    }

    /// Asks the guest to bring its virtual CPUs up or down until `count` are up.
    public void setVcpus(int count) {
        try (DomainStore store = store()) {
            String cpus = home(store) + "/cpu";
            int max = store.list(cpus).size();
            if (count < 1 || count > max) {
                throw new BadInputException(name + " can have 1 to " + max + " virtual CPUs, not " + count);
            }
            store.transaction(() -> {
                for (int id = 0; id < max; id++) {
                    String node = cpus + "/" + id + "/availability";
                    String wanted = id < count ? "online" : "offline";
                    if (!store.read(node).equals(wanted)) {
                        store.write(node, wanted);
                    }
                }
            });
        }
    }

    /// Asks the guest's balloon to give memory back, or take it again, until it has `byteSize`.
    public void setMemory(long byteSize) {
        long kib = byteSize >> 10;
        try (DomainStore store = store()) {
            String memory = home(store) + "/memory";
            long maxKib = Long.parseLong(store.read(memory + "/static-max"));
            if (byteSize < MemorySize.MIN_OF_DOMAIN || kib > maxKib) {
                throw new BadInputException(name + " can have " + MemorySize.format(MemorySize.MIN_OF_DOMAIN)
                        + " to " + MemorySize.format(maxKib << 10) + " of memory, not " + MemorySize.format(byteSize));
            }
            store.write(memory + "/target", Long.toString(kib));
        }
    }

    /// The terminal that its console is on, as `/dev/pts/3`.
    public String consoleTerminal() {
        try (DomainStore store = store()) {
            String node = home(store) + "/console/tty";
            if (!store.exists(node)) {
                throw new ControlException("the console of " + name + " is on no terminal of its own; "
                        + "xenolith run --console pty gives it one");
            }
            return store.read(node);
        }
    }

    /// Where the store keeps what belongs to the domain: the only one on its machine but domain 0.
    private String home(DomainStore store) {
        List<String> domids = store.list("/local/domain").stream().filter(domid -> !domid.equals("0")).toList();
        if (domids.size() != 1) {
            throw new ControlException("the store of " + name + " knows the domains " + domids);
        }
        return "/local/domain/" + domids.getFirst();
    }

    private ControlClient control() {
        try {
            return ControlClient.connect(directory.resolve(RunDirectory.CONTROL_SOCKET));
        } catch (IOException e) {
            throw new ControlException(name + " cannot be reached: " + e.getMessage(), e);
        }
    }
}
