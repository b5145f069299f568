package xenolith.backend.remote;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import xenolith.backend.DeviceNodes;
import xenolith.posix.UnixSocket;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.SharedMemory;

/// The machine's end of a connection to a device's process: commands to it, and answers to what it asks.
///
/// The process is trusted with the guest's memory and with nothing else: each word from it is checked, and the first that
/// cannot be ends the connection. A thread of the session's own answers; commands are one at a time, from any other.
final class Session implements Link.Handler {
    private static final long HELLO_NS = 5_000_000_000L;

    private final Peer peer;
    private final Link link;
    private final WrittenNodes written;
    private final Message answer = new Message();
    /// Also the lock for what the process holds.
    private final GrantQuestions grants;
    /// Whether the status page is this process's by now: until then its predecessor's last words stand there.
    private volatile boolean greeted;
    private final Object asking = new Object();
    /// A question for counters that is not answered yet, or null. Guarded by [#asking], as is what was said last, null until
    /// something was: nothing known is not nothing counted.
    private Call asked;
    private Map<String, Long> counters;
    private final CountDownLatch ended = new CountDownLatch(1);
    /// A descriptor that is closed when the answer has been sent.
    private UnixSocket sent;
    private volatile DeviceNodes nodes;
    private volatile Generation served;
    private volatile String endReason;
    private String refusal;

    private Session(Parts parts, Peer peer, Link link) {
        this.peer = peer;
        this.written = parts.written();
        this.grants = new GrantQuestions(parts.domain(), parts.memory());
        this.link = link;
    }

    private static Session begin(Parts parts, Peer peer, Runnable onClosed) {
        Link link = null;
        Runnable idle = null;
        try {
            link = new Link(peer.socket(), true);
            Session session = new Session(parts, peer, link);
            idle = parts.domain().workingElsewhere(() -> session.greeted ? parts.status().working() : 0);
            Runnable atEnd = idle;
            Thread.ofPlatform().name("remote-" + parts.name()).daemon().start(() -> session.run(atEnd, onClosed));
            return session;
        } catch (RuntimeException | Error e) {
            if (idle != null) {
                idle.run();
            }
            if (link != null) {
                link.dispose();
            } else {
                peer.socket().close();
            }
            onClosed.run();
            throw e;
        }
    }

    private void run(Runnable idle, Runnable onClosed) {
        try {
            endReason = link.run(this);
        } finally {
            ended.countDown();
            idle.run();
            // Last, as nobody waits for this.
            link.dispose();
            onClosed.run();
        }
    }

    /// What the sessions of one device have in common.
    ///
    /// @param kind    as the store names it
    /// @param written what its processes may write
    /// @param status  what they say by memory
    record Parts(String name, String kind, DeviceAccess domain, SharedMemory memory, int maxQueues,
            WrittenNodes written, StatusPage status) {
    }

    /// Greets the process. When that fails the session has ended, or never was; the socket is ours in any case.
    ///
    /// @param onClosed runs when nothing of the connection is left, which another must wait for; also when this fails
    /// @throws LinkLostException if it does not answer as one of our version and kind does
    static Session open(Parts parts, Peer peer, Runnable onClosed) {
        Session session = begin(parts, peer, onClosed);
        try {
            session.greet(parts);
            return session;
        } catch (ProtocolException e) {
            session.end();
            session.awaitEnd();
            throw new LinkLostException(e.getMessage());
        } catch (RuntimeException | Error e) {
            session.end();
            session.awaitEnd();
            throw e;
        }
    }

    private void greet(Parts parts) throws ProtocolException {
        try (Call hello = link.call(Wire.HELLO)) {
            hello.out().putInt(Wire.MAGIC).putInt(Wire.VERSION).putText(parts.kind()).putText(parts.name())
                    .putInt(parts.maxQueues()).putLong(parts.memory().byteLength())
                    .with(parts.memory().descriptor(), parts.status().descriptor());
            Message in = hello.ask(HELLO_NS);
            int result = in.getInt();
            int version = in.getInt();
            String theirs = in.getText();
            if (result != Wire.OKAY || version != Wire.VERSION || !theirs.equals(parts.kind())) {
                throw new ProtocolException("it serves a '" + theirs + "' by version " + version + ", not a '"
                        + parts.kind() + "' by version " + Wire.VERSION);
            }
        }
        // By now it has let go of what it had by an earlier connection, and does not count for that any more.
        parts.status().noneWorks();
        greeted = true;
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

    /// What the device has counted, or had when it was asked last: a question waits for `timeoutNs`, and is not asked
    /// again until it is answered. Empty until it has answered once. Any thread.
    ///
    /// @throws LinkLostException if the process is gone
    Optional<Map<String, Long>> counters(long timeoutNs) {
        synchronized (asking) {
            hearCounters(0);
            if (asked == null) {
                asked = askForCounters();
                hearCounters(timeoutNs);
            }
            return Optional.ofNullable(counters);
        }
    }

    /// Likewise before the process is told to go: a question that stands is waited for too, and then another is asked, for
    /// `timeoutNs` together.
    ///
    /// @throws LinkLostException if the process is gone
    Optional<Map<String, Long>> lastCounters(long timeoutNs) {
        long deadline = System.nanoTime() + timeoutNs;
        synchronized (asking) {
            hearCounters(timeoutNs);
            return counters(Math.max(0, deadline - System.nanoTime()));
        }
    }

    private Call askForCounters() {
        Call call = link.call(Wire.COUNTERS);
        try {
            call.send();
            return call;
        } catch (RuntimeException | Error e) {
            // The connection may go on all the same: a question that did not go out is not waited for.
            call.close();
            throw e;
        }
    }

    private void hearCounters(long timeoutNs) {
        if (asked == null || !asked.awaitAnswer(timeoutNs)) {
            return;
        }
        try (Call call = asked) {
            counters = CounterList.read(call.in());
        } catch (ProtocolException e) {
            end();
            throw new LinkLostException(e.getMessage());
        } finally {
            asked = null;
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
        synchronized (grants) {
            Generation generation = served;
            served = null;
            if (generation != null) {
                for (BoundPort port : generation.ports()) {
                    link.unwatch(port);
                    port.hangUp();
                }
            }
            grants.close();
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
                case Wire.FAULT -> fault(in.getText());
                default -> {
                    synchronized (grants) {
                        holdings(type, in);
                    }
                }
            }
        } catch (LinkLostException e) {
            throw e;
        } catch (RuntimeException e) {
            // A handle that is not mapped, a name that is none: what no device of ours asks.
            throw new ProtocolException("question " + type + ": " + e.getMessage());
        }
        try {
            link.send(answer);
        } finally {
            if (sent != null) {
                sent.close();
                sent = null;
            }
        }
    }

    /// What is the process's until [#release].
    private void holdings(int type, Message in) throws ProtocolException {
        switch (type) {
            case Wire.OPEN_GRANTS -> {
                current();
                grants.open(answer);
            }
            case Wire.CLOSE_GRANTS, Wire.MAP, Wire.UNMAP, Wire.COPY_FROM, Wire.COPY_TO -> grants.answer(type, in, answer);
            case Wire.BIND -> bind(in.getInt());
            case Wire.UNBIND -> unbind(in.getInt());
            case Wire.RECORD -> record(in.getInt());
            default -> throw new ProtocolException("there is no question " + type);
        }
    }

    private void readNode(Message in) throws ProtocolException {
        String name = NodeNames.checkedFrontend(in.getText());
        Optional<String> value = current().nodes().read(name);
        answer.putInt(value.isPresent() ? Wire.OKAY : Wire.REFUSED).putText(value.orElse(""));
    }

    private void writeNode(Message in) throws ProtocolException {
        DeviceNodes to = nodes;
        if (to == null) {
            throw new ProtocolException("a node of no device");
        }
        String name = in.getText();
        String value = in.getText();
        written.put(name, value);
        to.write(name, value);
        answer.putInt(Wire.OKAY);
    }

    private Generation current() throws ProtocolException {
        Generation generation = served;
        if (generation == null) {
            throw new ProtocolException("it is not connected to a frontend");
        }
        return generation;
    }

    private void bind(int guestPort) throws ProtocolException {
        Optional<BoundPort> bound = current().bind(guestPort);
        if (bound.isEmpty()) {
            answer.putInt(Wire.REFUSED);
            return;
        }
        BoundPort port = bound.get();
        link.unwatch(port);
        sent = port.connect();
        link.watch(port, port.port()::notifyGuest);
        answer.putInt(Wire.OKAY).with(sent.raw(), port.callDescriptor());
    }

    private void unbind(int guestPort) throws ProtocolException {
        current().port(guestPort).ifPresent(link::unwatch);
        current().unbind(guestPort);
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
