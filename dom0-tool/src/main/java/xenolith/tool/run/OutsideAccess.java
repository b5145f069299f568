package xenolith.tool.run;

import java.io.IOException;
import xenolith.socket.UnixListener;
import xenolith.tool.control.ControlServer;
import xenolith.tool.control.DomainStatus;
import xenolith.tool.device.DeviceControl;
import xenolith.tool.directory.RunDirectory;
import xenolith.tool.input.HostUnfitException;
import xenolith.vmm.machine.DomainUse;
import xenolith.vmm.machine.GuestDomain;
import xenolith.xenstore.XenstoreServer;
import xenolith.xenstore.socket.XenstoreSocket;

/// Lets other processes look at a domain and meddle with it, for as long as this is open: the sockets in its
/// [RunDirectory].
record OutsideAccess(XenstoreSocket store, ControlServer control) implements AutoCloseable {
    /// The sockets, made but not served: who comes waits. What can fail has been done by then.
    record Sockets(UnixListener store, UnixListener control) implements AutoCloseable {
        /// Makes the sockets.
        ///
        /// @throws HostUnfitException where that cannot be
        static Sockets bind(RunDirectory directory) {
            try {
                UnixListener store = XenstoreSocket.bind(directory.xenstoreSocket(), XenstoreSocket.Limits.DEFAULT);
                try {
                    return new Sockets(store, ControlServer.bind(directory.controlSocket()));
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
    }

    /// Begins to serve who is at the sockets.
    static OutsideAccess open(DomainConfig config, Sockets sockets, GuestDomain domain, XenstoreServer server,
            DeviceControl devices) {
        return new OutsideAccess(XenstoreSocket.serve(server, sockets.store, XenstoreSocket.Limits.DEFAULT),
                ControlServer.serve(sockets.control, new Target(config, domain, devices)));
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
