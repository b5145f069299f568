package xenolith.backend.remote;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import xenolith.abi.XenGrantTable;
import xenolith.backend.DeviceNodes;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.GrantAccess;
import xenolith.vmm.port.SharedMemory;

/// The machine's end of a connection to a device's process: commands to it, and answers to what it asks.
///
/// The process is trusted with the guest's memory and with nothing else: each word from it is checked, and the first that
/// cannot be ends the connection. A thread of the session's own answers; commands are one at a time, from any other.
final class Session implements Link.Handler {
    private static final long HELLO_NS = 5_000_000_000L;

    private final Peer peer;
    private final Link link;
    private final DeviceAccess domain;
    private final SharedMemory memory;
    private final Message answer = new Message();
    private final Map<Integer, GrantAccess> grants = new HashMap<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private int lastGrants;
    private volatile DeviceNodes nodes;
    private volatile Generation served;
    private volatile String endReason;
    private String refusal;

    private Session(String name, Peer peer, DeviceAccess domain, SharedMemory memory) {
        this.peer = peer;
        this.link = new Link(peer.socket(), false);
        this.domain = domain;
        this.memory = memory;
        Thread.ofPlatform().name("remote-" + name).daemon().start(() -> {
            try {
                endReason = link.run(this);
            } finally {
                ended.countDown();
            }
        });
    }

    /// Greets the process. When that fails the session has ended.
    ///
    /// @throws LinkLostException if it does not answer as one of our version and kind does
    static Session open(String name, String kind, Peer peer, DeviceAccess domain, SharedMemory memory, int maxQueues) {
        Session session = new Session(name, peer, domain, memory);
        try (Call hello = session.link.call(Wire.HELLO)) {
            hello.out().putInt(Wire.MAGIC).putInt(Wire.VERSION).putText(kind).putText(name).putInt(maxQueues)
                    .putLong(memory.byteLength()).with(memory.descriptor());
            Message in = hello.ask(HELLO_NS);
            int result = in.getInt();
            int version = in.getInt();
            String theirs = in.getText();
            if (result != Wire.OKAY || version != Wire.VERSION || !theirs.equals(kind)) {
                throw new ProtocolException("it serves a '" + theirs + "' by version " + version + ", not a '" + kind
                        + "' by version " + Wire.VERSION);
            }
            return session;
        } catch (ProtocolException e) {
            session.end();
            session.awaitEnd();
            throw new LinkLostException(e.getMessage());
        } catch (LinkLostException e) {
            session.end();
            session.awaitEnd();
            throw e;
        }
    }

    Peer peer() {
        return peer;
    }

    /// The connection that it has been told to serve, or null; after a refusal it is still that.
    Generation served() {
        return served;
    }

    /// What was wrong with the frontend of [#served], or null.
    String refusal() {
        return refusal;
    }

    /// Has the device write what it can do.
    void offer(DeviceNodes to, long timeoutNs) {
        nodes = to;
        command(Wire.OFFER, timeoutNs);
    }

    /// Has the device connect, or go on where a predecessor of its process died. Returns what is wrong with the frontend,
    /// or null.
    String connect(Generation generation, long timeoutNs) {
        nodes = generation.nodes();
        served = generation;
        refusal = command(Wire.CONNECT, timeoutNs);
        // A predecessor may have answered and died before it said so.
        generation.ports().forEach(port -> port.port().notifyGuest());
        return refusal;
    }

    /// Has the device write anew what may have changed of it.
    void describe(DeviceNodes to, long timeoutNs) {
        nodes = to;
        command(Wire.DESCRIBE, timeoutNs);
    }

    /// Has the device let go of everything. When it returns the process touches no page of the guest's any more.
    void disconnect(long timeoutNs) {
        command(Wire.DISCONNECT, timeoutNs);
        release();
    }

    private String command(int type, long timeoutNs) {
        try (Call call = link.call(type)) {
            Message in = call.ask(timeoutNs);
            return in.getInt() == Wire.OKAY ? null : in.getText();
        } catch (ProtocolException e) {
            end();
            throw new LinkLostException(e.getMessage());
        }
    }

    /// Ends the connection; [#awaitEnd] sees it.
    void end() {
        link.close();
    }

    /// Waits for the connection's end. Returns why.
    String awaitEnd() {
        boolean interrupted = false;
        for (;;) {
            try {
                ended.await();
                break;
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return endReason;
    }

    /// Why the connection has ended, or null while it is up.
    String endReason() {
        return endReason;
    }

    /// Unmaps all that the process has mapped. It has ended by then, or has said that it let go.
    void release() {
        Generation generation = served;
        if (generation != null) {
            generation.ports().forEach(port -> link.unwatch(port.callEvent()));
        }
        served = null;
        synchronized (grants) {
            grants.values().forEach(GrantAccess::close);
            grants.clear();
        }
    }

    /// Whether the process has let go of everything, or never had anything.
    boolean holdsNothing() {
        synchronized (grants) {
            return served == null && grants.isEmpty();
        }
    }

    // ---- what the process asks

    @Override
    public void question(int type, int tag, Message in) throws ProtocolException {
        answer.begin(type | Wire.REPLY, tag);
        try {
            switch (type) {
                case Wire.READ_NODE -> readNode(in);
                case Wire.WRITE_NODE -> writeNode(in);
                case Wire.OPEN_GRANTS, Wire.CLOSE_GRANTS, Wire.MAP, Wire.UNMAP, Wire.COPY_FROM, Wire.COPY_TO -> {
                    synchronized (grants) {
                        grantsQuestion(type, in);
                    }
                }
                case Wire.BIND -> bind(in.getInt());
                case Wire.UNBIND -> unbind(in.getInt());
                case Wire.RECORD -> record(in.getInt());
                case Wire.FAULT -> fault(in.getText());
                default -> throw new ProtocolException("there is no question " + type);
            }
        } catch (LinkLostException e) {
            throw e;
        } catch (RuntimeException e) {
            // A handle that is not mapped, a name that is none: what no device of ours asks.
            throw new ProtocolException("question " + type + ": " + e.getMessage());
        }
        link.send(answer);
    }

    private void readNode(Message in) throws ProtocolException {
        String name = NodeNames.checkedFrontend(in.getText());
        Optional<String> value = current().nodes().read(name);
        answer.putInt(value.isPresent() ? Wire.OKAY : Wire.REFUSED).putText(value.orElse(""));
    }

    private void writeNode(Message in) throws ProtocolException {
        String name = NodeNames.checkedBackend(in.getText());
        DeviceNodes to = nodes;
        if (to == null) {
            throw new ProtocolException("a node of no device");
        }
        to.write(name, in.getText());
        answer.putInt(Wire.OKAY);
    }

    private Generation current() throws ProtocolException {
        Generation generation = served;
        if (generation == null) {
            throw new ProtocolException("it is not connected to a frontend");
        }
        return generation;
    }

    private void grantsQuestion(int type, Message in) throws ProtocolException {
        if (type == Wire.OPEN_GRANTS) {
            current();
            if (grants.size() == Wire.MAX_GRANTS) {
                throw new ProtocolException("more than " + Wire.MAX_GRANTS + " sets of grants");
            }
            grants.put(++lastGrants, domain.grants());
            answer.putInt(lastGrants);
            return;
        }
        int id = in.getInt();
        GrantAccess access = grants.get(id);
        if (access == null) {
            throw new ProtocolException("there are no grants " + id);
        }
        switch (type) {
            case Wire.MAP -> map(access, in.getInt(), in.getInt() != 0);
            case Wire.UNMAP -> {
                access.unmap(in.getInt());
                answer.putInt(Wire.OKAY);
            }
            case Wire.COPY_FROM, Wire.COPY_TO -> copy(access, type == Wire.COPY_FROM, in);
            default -> {
                grants.remove(id);
                access.close();
                answer.putInt(Wire.OKAY);
            }
        }
    }

    private void map(GrantAccess access, int ref, boolean writable) {
        int handle = access.map(ref, writable);
        long offset = 0;
        if (handle >= 0) {
            offset = memory.offsetOf(access.page(handle));
            if (offset < 0 || offset > memory.byteLength() - Generation.PAGE_BYTES) {
                access.unmap(handle);
                handle = XenGrantTable.GNTST_GENERAL_ERROR;
            }
        }
        answer.putInt(handle).putLong(offset);
    }

    private void copy(GrantAccess access, boolean fromGuest, Message in) throws ProtocolException {
        int ref = in.getInt();
        int offset = in.getInt();
        int length = in.getInt();
        if (length < 0 || length > Generation.PAGE_BYTES) {
            throw new ProtocolException("a copy of " + length + " bytes");
        }
        if (fromGuest) {
            int resultAt = answer.reserve(Integer.BYTES);
            int at = answer.reserve(length);
            int result = access.copyFrom(ref, offset, answer.segment(), at, length);
            answer.setInt(resultAt, result);
        } else {
            answer.putInt(access.copyTo(ref, offset, in.segment(), in.getBytes(length), length));
        }
    }

    private void bind(int guestPort) throws ProtocolException {
        Optional<BoundPort> bound = current().bind(guestPort);
        if (bound.isEmpty()) {
            answer.putInt(Wire.REFUSED);
            return;
        }
        BoundPort port = bound.get();
        link.watch(port.callEvent(), port.port()::notifyGuest);
        answer.putInt(Wire.OKAY).with(port.kickEvent().raw(), port.callEvent().raw());
    }

    private void unbind(int guestPort) throws ProtocolException {
        current().unbind(guestPort).ifPresent(port -> link.unwatch(port.callEvent()));
        answer.putInt(Wire.OKAY);
    }

    private void record(int ring) throws ProtocolException {
        if (ring < 0 || ring >= Wire.MAX_RECORDS) {
            throw new ProtocolException("there is no ring " + ring);
        }
        answer.putInt(Wire.OKAY).with(current().record(ring).raw());
    }

    private void fault(String reason) throws ProtocolException {
        current().fault(reason);
        answer.putInt(Wire.OKAY);
    }
}
