package xenolith.backend.console;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import xenolith.backend.DeviceDriver;
import xenolith.backend.DeviceNodes;
import xenolith.backend.FrontendException;
import xenolith.backend.GrantPatience;
import xenolith.backend.PatientGrants;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// A second console, or a channel: its ring is in a page that the guest's driver grants, and it comes and goes as other
/// devices do. The frontend writes `ring-ref` and `port`; otherwise it is the console of [ConsoleBackend].
///
/// The sink is held to end soon: disconnecting waits for it.
public final class ConsoleDevice implements DeviceDriver {
    private static final long MAX_U32 = 0xFFFF_FFFFL;

    private final String name;
    private final DeviceAccess domain;
    private final ConsoleSink sink;
    private final LongAdder outBytes = new LongAdder();
    private final LongAdder inBytes = new LongAdder();
    private final Object change = new Object();
    private Connection connection;
    private boolean closed;

    private record Connection(GrantAccess grants, EventPort port, ConsoleBackend console) {
    }

    /// @param name for its threads
    /// @param sink takes what the guest prints
    public ConsoleDevice(String name, DeviceAccess domain, ConsoleSink sink) {
        this.name = name;
        this.domain = domain;
        this.sink = sink;
    }

    /// The interface has nothing to choose from.
    @Override
    public void offer(DeviceNodes nodes) {
    }

    @Override
    public void connect(DeviceNodes nodes, Consumer<String> onFault) throws FrontendException {
        GrantAccess grants = domain.grants();
        EventPort port = null;
        try {
            MemorySegment page = page(grants, (int) nodes.require("ring-ref", 0, MAX_U32));
            port = domain.bind((int) nodes.require("port", 1, Integer.MAX_VALUE))
                    .orElseThrow(() -> new FrontendException("'port' is no port that waits for us"));
            ConsoleBackend console = new ConsoleBackend(name, () -> page, port, this::printed);
            console.onBroken(onFault);
            console.start();
            use(new Connection(grants, port, console));
        } catch (FrontendException | RuntimeException | Error e) {
            if (port != null) {
                port.close();
            }
            grants.close();
            throw e;
        }
    }

    private static MemorySegment page(GrantAccess grants, int ref) throws FrontendException {
        int handle = PatientGrants.map(grants, ref, true, GrantPatience.forSeconds());
        if (handle < 0) {
            throw new FrontendException("'ring-ref' is no page that is granted to us: GNTST " + handle);
        }
        return grants.page(handle);
    }

    private void printed(byte[] bytes, int offset, int byteLength) throws IOException {
        outBytes.add(byteLength);
        sink.write(bytes, offset, byteLength);
    }

    @Override
    public void disconnect() {
        Connection old = use(null);
        if (old != null) {
            old.console.finish();
            old.port.close();
            old.grants.close();
        }
    }

    private Connection use(Connection next) {
        synchronized (change) {
            Connection old = connection;
            connection = next;
            change.notifyAll();
            return old;
        }
    }

    /// What is written here the guest reads. Writing waits while the guest has no driver for it, or reads nothing, and
    /// fails once this is closed; of what the guest had not read when it let go of the console, nothing is kept.
    public OutputStream input() {
        return new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int byteLength) throws IOException {
                int done = 0;
                while (done < byteLength) {
                    ConsoleInput input = awaitInput();
                    int taken = input.offer(bytes, offset + done, byteLength - done);
                    if (taken > 0) {
                        inBytes.add(taken);
                        done += taken;
                    } else if (!input.awaitRoom()) {
                        awaitOther(input);
                    }
                }
            }
        };
    }

    private ConsoleInput awaitInput() throws IOException {
        synchronized (change) {
            while (connection == null) {
                await();
            }
            return connection.console.input();
        }
    }

    /// An input that is closed is about to be replaced; or it is that of a broken ring, whose device is about to close.
    private void awaitOther(ConsoleInput ended) throws IOException {
        synchronized (change) {
            while (connection != null && connection.console.input() == ended) {
                await();
            }
        }
    }

    private void await() throws IOException {
        if (closed) {
            throw new IOException("the console is closed");
        }
        try {
            change.wait();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while nobody reads the console");
        }
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> counters = new LinkedHashMap<>();
        counters.put("out_bytes", outBytes.sum());
        counters.put("in_bytes", inBytes.sum());
        return counters;
    }

    /// Whoever waits to write waits no more. The device is disconnected by then.
    public void close() {
        synchronized (change) {
            closed = true;
            change.notifyAll();
        }
    }
}
