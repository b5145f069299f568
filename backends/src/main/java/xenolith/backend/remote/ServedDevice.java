package xenolith.backend.remote;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import xenolith.backend.DeviceDriver;
import xenolith.backend.FrontendException;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.Mapping;
import xenolith.posix.UnixSocket;

/// The device's end of a connection: does what the machine asks, with a driver of ours.
///
/// The thread of [#run] hears; commands are done by a thread of their own, for they ask the machine in turn.
final class ServedDevice implements Link.Handler {
    private static final Logger LOG = System.getLogger(ServedDevice.class.getName());

    private final String kind;
    private final DriverFactory factory;
    private final Link link;
    private final ExecutorService commands = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("commands").daemon().factory());
    private Mapping memory;
    private StatusPage status;
    private volatile RemoteNodes nodes;
    private volatile RemoteDomain domain;
    private volatile DeviceDriver driver;

    ServedDevice(UnixSocket socket, String kind, DriverFactory factory) {
        this.kind = kind;
        this.factory = factory;
        this.link = new Link(socket, false);
    }

    Link link() {
        return link;
    }

    /// Serves until the machine is gone, then lets go of everything. Returns why it ended.
    String run() {
        String reason = link.run(this);
        commands.shutdown();
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = commands.awaitTermination(1, TimeUnit.HOURS);
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (driver != null) {
            disconnect();
        }
        if (memory != null) {
            memory.close();
        }
        if (status != null) {
            status.close();
        }
        link.dispose();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return reason;
    }

    @Override
    public void question(int type, int tag, Message in) throws ProtocolException {
        switch (type) {
            case Wire.HELLO -> hello(tag, in);
            case Wire.OFFER -> command(type, tag, () -> driver.offer(nodes));
            case Wire.CONNECT -> command(type, tag, () -> driver.connect(nodes, this::fault));
            case Wire.DESCRIBE -> command(type, tag, () -> driver.describe(nodes));
            case Wire.COUNTERS -> counters(tag);
            case Wire.DISCONNECT -> command(type, tag, this::disconnect);
            default -> throw new ProtocolException("there is no command " + type);
        }
    }

    private void disconnect() {
        driver.disconnect();
        domain.closeRecords();
    }

    private void hello(int tag, Message in) throws ProtocolException {
        int magic = in.getInt();
        int version = in.getInt();
        String theirs = in.getText();
        String name = in.getText();
        boolean ours = magic == Wire.MAGIC && version == Wire.VERSION && theirs.equals(kind) && driver == null;
        Message answer = new Message().begin(Wire.HELLO | Wire.REPLY, tag);
        if (!ours) {
            link.send(answer.putInt(Wire.REFUSED).putInt(Wire.VERSION).putText(kind));
            throw new ProtocolException("a greeting for a '" + theirs + "' by version " + version);
        }
        int maxQueues = in.getInt();
        long byteLength = in.getLong();
        try (Fd memfd = in.takeDescriptor(); Fd page = in.takeDescriptor()) {
            memory = Mapping.shared(memfd, 0, byteLength, true);
            status = StatusPage.map(name, page);
        } catch (HostException e) {
            throw new ProtocolException("the machine's memory cannot be mapped: " + e.getMessage());
        }
        domain = new RemoteDomain(link, memory.segment(), status);
        nodes = new RemoteNodes(link);
        driver = factory.create(domain, domain.rings(), maxQueues, status);
        LOG.log(Level.DEBUG, "serves {0}", name);
        if (status.isSet()) {
            LOG.log(Level.WARNING, "{0}: the host could not store what an earlier process had accepted; flushes fail",
                    name);
        }
        link.send(answer.putInt(Wire.OKAY).putInt(Wire.VERSION).putText(kind));
    }

    private void counters(int tag) throws ProtocolException {
        if (driver == null) {
            throw new ProtocolException("a question before a greeting");
        }
        Message answer = new Message().begin(Wire.COUNTERS | Wire.REPLY, tag);
        CounterList.write(driver.counters(), answer);
        link.send(answer);
    }

    /// What a command does. The machine waits for its end.
    @FunctionalInterface
    private interface Command {
        void run() throws FrontendException;
    }

    private void command(int type, int tag, Command command) throws ProtocolException {
        if (driver == null) {
            throw new ProtocolException("command " + type + " before a greeting");
        }
        commands.execute(() -> {
            Message answer = new Message().begin(type | Wire.REPLY, tag);
            try {
                command.run();
                answer.putInt(Wire.OKAY);
            } catch (FrontendException e) {
                answer.putInt(Wire.REFUSED).putText(printable(e.getMessage()));
            } catch (LinkLostException e) {
                return;
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "a fault of ours", e);
                link.close();
                return;
            }
            sendIfUp(answer);
        });
    }

    private void sendIfUp(Message answer) {
        try {
            link.send(answer);
        } catch (LinkLostException _) {
            // The machine went while we worked.
        }
    }

    /// From any thread of the driver's.
    private void fault(String reason) {
        try (Call call = link.call(Wire.FAULT)) {
            call.out().putText(printable(reason));
            call.ask(0);
        } catch (LinkLostException _) {
            // Then nobody is there to be told.
        }
    }

    private static String printable(String text) {
        return text.replaceAll("[^ -~]", " ");
    }
}
