package xenolith.backend.remote;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import xenolith.posix.Errno;
import xenolith.posix.EventFd;
import xenolith.posix.Poll;
import xenolith.posix.UnixSocket;

/// One end of the connection: questions of ours by [Call]s, from any thread; the other's questions, and signals that
/// belong to the connection, are heard by the one thread in [#run].
///
/// The machine's end takes no descriptors. It would have to close them, and the last close of one waits for as long as who
/// made it likes (a socket that lingers): no thread that anybody waits for may do that. Where the host lets them come all
/// the same they end the connection, and only [#dispose] closes them.
final class Link {
    /// What is done with the other's questions. An exception ends the connection.
    @FunctionalInterface
    interface Handler {
        void question(int type, int tag, Message in) throws ProtocolException;
    }

    /// What wakes the thread beside messages.
    interface Signal {
        /// What it waits for to be readable, or -1.
        int raw();

        /// Takes what has come, without waiting. Returns whether anything had.
        boolean take();
    }

    private record Watched(Signal signal, Runnable action) {
    }

    private static final int MAX_CALLS = 64;
    private static final int MAX_WATCHED = 2 * Wire.MAX_PORTS;
    /// Messages that are heard before signals are looked at again.
    private static final int MESSAGES_IN_A_ROW = 16;
    private static final long SEND_PATIENCE_NS = 10_000_000_000L;

    private final UnixSocket socket;
    private final boolean isMachine;
    private final EventFd wake = EventFd.create();
    private final Object sending = new Object();
    private final Call[] calls = new Call[MAX_CALLS];
    private final Deque<Call> freeCalls = new ArrayDeque<>();
    private final Message incoming = new Message();
    private volatile Watched[] watched = {};
    private volatile boolean closing;
    private volatile String lost;
    private boolean closed;

    /// @param isMachine whether this is the end that is not to trust the other: a sender does not wait for one that does not
    ///                  read, but takes it for lost at once, and no descriptors are taken
    Link(UnixSocket socket, boolean isMachine) {
        this.socket = socket;
        this.isMachine = isMachine;
    }

    /// A question, to be filled, asked and closed.
    Call call(int type) {
        Call call;
        synchronized (calls) {
            call = freeCalls.poll();
            if (call == null) {
                int slot = 0;
                while (slot < MAX_CALLS && calls[slot] != null) {
                    slot++;
                }
                if (slot == MAX_CALLS) {
                    throw new IllegalStateException("more than " + MAX_CALLS + " questions at a time");
                }
                call = new Call(this, slot);
                calls[slot] = call;
            }
        }
        call.begin(type);
        return call;
    }

    void free(Call call) {
        synchronized (calls) {
            freeCalls.push(call);
        }
    }

    /// Sends a question or an answer.
    ///
    /// @throws LinkLostException if the other end is gone, or does not read
    void send(Message message) {
        long deadline = System.nanoTime() + SEND_PATIENCE_NS;
        synchronized (sending) {
            requireUp();
            long result = message.send(socket);
            while (result == -Errno.EAGAIN && !isMachine && System.nanoTime() < deadline) {
                Poll poll = new Poll(1);
                poll.add(socket.raw(), Poll.POLLOUT);
                poll.await(deadline - System.nanoTime());
                result = message.send(socket);
            }
            if (result < 0) {
                throw new LinkLostException(result == -Errno.EAGAIN ? "it does not read what it is sent"
                        : Errno.name((int) -result));
            }
        }
    }

    void requireUp() {
        if (lost != null) {
            throw new LinkLostException(lost);
        }
    }

    /// Has `action` run by the link's thread after each signal.
    void watch(Signal signal, Runnable action) {
        synchronized (calls) {
            if (watched.length == MAX_WATCHED) {
                throw new IllegalStateException("more than " + MAX_WATCHED + " signals");
            }
            Watched[] more = Arrays.copyOf(watched, watched.length + 1);
            more[watched.length] = new Watched(signal, action);
            watched = more;
        }
        wakeUp();
    }

    private void wakeUp() {
        synchronized (sending) {
            if (!closed) {
                wake.signal();
            }
        }
    }

    /// Ends that; what is signalled may be closed then.
    void unwatch(Signal signal) {
        synchronized (calls) {
            watched = Arrays.stream(watched).filter(w -> w.signal() != signal).toArray(Watched[]::new);
        }
    }

    /// Makes [#run] return soon. Any thread.
    void close() {
        closing = true;
        wakeUp();
    }

    /// Hears the other end until it is gone, breaks the rules, or [#close]. Then every question of ours fails, the
    /// connection is over for both ends, and the reason is returned. [#dispose] comes next.
    String run(Handler handler) {
        String reason;
        try {
            reason = hear(handler);
        } catch (ProtocolException e) {
            reason = "it breaks the protocol: " + e.getMessage();
        } catch (LinkLostException e) {
            reason = e.getMessage();
        } catch (RuntimeException | Error e) {
            // Whoever waits for this connection's end must see it, whatever it was that ended it.
            reason = "a fault of ours: " + e;
        }
        lost = reason;
        synchronized (calls) {
            for (Call call : calls) {
                if (call != null) {
                    call.lost();
                }
            }
        }
        socket.shutDown();
        return reason;
    }

    /// Closes everything, after [#run]. May take as long as the other end likes.
    void dispose() {
        synchronized (sending) {
            closed = true;
        }
        wake.close();
        incoming.closeDescriptors();
        socket.close();
    }

    private String hear(Handler handler) throws ProtocolException {
        Poll poll = new Poll(2 + MAX_WATCHED);
        while (!closing) {
            Watched[] now = watched;
            poll.clear();
            poll.add(wake.raw(), Poll.POLLIN);
            poll.add(socket.raw(), Poll.POLLIN);
            for (Watched one : now) {
                poll.add(one.signal().raw(), Poll.POLLIN);
            }
            if (poll.await(-1) == 0) {
                continue;
            }
            if (poll.revents(0) != 0) {
                wake.drain();
            }
            for (int i = 0; i < now.length; i++) {
                if ((poll.revents(2 + i) & Poll.POLLIN) != 0 && take(now[i])) {
                    now[i].action().run();
                }
            }
            if (poll.revents(1) != 0) {
                String end = receiveSome(handler);
                if (end != null) {
                    return end;
                }
            }
        }
        return "closed";
    }

    /// Returns whether there was a signal that is still ours to hear.
    private boolean take(Watched one) {
        synchronized (calls) {
            return Arrays.asList(watched).contains(one) && one.signal().take();
        }
    }

    /// Returns why there is no more to come, or null.
    private String receiveSome(Handler handler) throws ProtocolException {
        for (int i = 0; i < MESSAGES_IN_A_ROW; i++) {
            long result = incoming.receive(socket);
            if (result == -Errno.EAGAIN) {
                return null;
            }
            if (result <= 0) {
                return result == 0 ? "its end is closed" : Errno.name((int) -result);
            }
            if (isMachine && incoming.hasDescriptors()) {
                throw new ProtocolException("it sends descriptors");
            }
            int type = incoming.getInt();
            int tag = incoming.getInt();
            if ((type & Wire.REPLY) == 0) {
                handler.question(type, tag, incoming);
            } else {
                answer(tag);
            }
        }
        return null;
    }

    /// An answer that nobody waits for any more is dropped.
    private void answer(int tag) {
        int slot = tag & 0xff;
        Call call = null;
        synchronized (calls) {
            if (slot < MAX_CALLS && calls[slot] != null && calls[slot].tag() == tag && !freeCalls.contains(calls[slot])) {
                call = calls[slot];
            }
        }
        if (call != null) {
            call.answer(incoming);
        }
    }
}
