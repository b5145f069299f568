package xenolith.tool.control;

import java.io.IOException;
import xenolith.vmm.machine.DomainUse;
import xenolith.vmm.machine.GuestDomain;
import xenolith.xenstore.XenstoreServer;
import xenolith.xenstore.socket.XenstoreSocket;

/// Lets other processes look at a domain and meddle with it, for as long as this is open: the sockets in its
/// [RunDirectory].
record OutsideAccess(XenstoreSocket store, ControlServer control) implements AutoCloseable {
    /// Throws [HostUnfitException] where the sockets cannot be made.
    static OutsideAccess open(DomainConfig config, RunDirectory directory, GuestDomain domain, XenstoreServer server,
            DeviceControl devices) {
        try {
            XenstoreSocket store = XenstoreSocket.open(server, directory.xenstoreSocket(),
                    XenstoreSocket.Limits.DEFAULT);
            try {
                return new OutsideAccess(store,
                        ControlServer.open(directory.controlSocket(), new Target(config, domain, devices)));
            } catch (IOException e) {
                store.close();
                throw e;
            }
        } catch (IOException e) {
            throw new HostUnfitException("cannot make the domain's sockets in " + directory.path() + ": " + e, e);
        }
    }

    @Override
    public void close() {
        control.close();
        store.close();
    }

    /// What `control.sock` asks of the domain.
    private record Target(DomainConfig config, GuestDomain domain, DeviceControl devices)
            implements ControlServer.Target {
        @Override
        public DomainStatus status() {
            DomainUse use = domain.use();
            return new DomainStatus(config.name(), LocalRunner.DOMID, ProcessHandle.current().pid(), use.memoryBytes(),
                    use.maxMemoryBytes(), use.vcpusUp(), config.vcpuCount(), state(use), use.cpuTimeNs());
        }

        private DomainStatus.State state(DomainUse use) {
            if (domain.hasEnded()) {
                return DomainStatus.State.SHUTDOWN;
            }
            return use.vcpusRunning() > 0 ? DomainStatus.State.RUNNING : DomainStatus.State.BLOCKED;
        }

        @Override
        public void destroy() {
            domain.destroy();
        }
    }
}
