package xenolith.xenstore;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.IntSupplier;

/// What a client has still to be sent: replies and watch events, in order.
///
/// An event that waits already is not queued again: it only says "look again", and the client looks after it gets it.
/// Events that come while a request is worked on go behind its reply, as a client expects who learns from the reply that
/// its watch exists. Thread-safe, as any client's change may cause an event for this one.
final class OutputQueue {
    /// What makes two events the same.
    private record Event(String path, String token) {
    }

    /// A message, and the event that it is or null.
    private record Item(byte[] bytes, Event event) {
    }

    private final IntSupplier eventLimit;
    private final Queue<Item> queue = new ArrayDeque<>();
    private final Set<Event> waiting = new HashSet<>();
    private final List<Item> held = new ArrayList<>();
    private boolean holding;
    private boolean overflowed;
    private int replyCount;
    private byte[] current;
    private int sentOfCurrent;

    OutputQueue(IntSupplier eventLimit) {
        this.eventLimit = eventLimit;
    }

    /// A request is being worked on: hold back events until its [#reply].
    synchronized void holdEvents() {
        holding = true;
    }

    synchronized void reply(Message message) {
        queue.add(new Item(message.encode(), null));
        replyCount++;
        queue.addAll(held);
        held.clear();
        holding = false;
    }

    synchronized void event(String path, String token) {
        Event event = new Event(path, token);
        if (waiting.contains(event)) {
            return;
        }
        if (waiting.size() >= eventLimit.getAsInt()) {
            overflowed = true;
            return;
        }
        waiting.add(event);
        (holding ? held : queue).add(new Item(Message.event(path, token).encode(), event));
    }

    /// How many replies have not been sent yet.
    synchronized int replyCount() {
        return replyCount;
    }

    /// Whether an event had to be dropped, after which the client's picture of the store is wrong.
    synchronized boolean overflowed() {
        return overflowed;
    }

    /// Sends as much as the transport takes: until it takes nothing, for who makes room while we send a piece sees that
    /// there was some, and does not say so.
    synchronized void sendTo(Transport transport) throws IOException {
        while (current != null || startNext()) {
            int count = transport.send(current, sentOfCurrent, current.length - sentOfCurrent);
            if (count == 0) {
                return;
            }
            sentOfCurrent += count;
            if (sentOfCurrent == current.length) {
                current = null;
            }
        }
    }

    synchronized void clear() {
        queue.clear();
        waiting.clear();
        held.clear();
        replyCount = 0;
        current = null;
        holding = false;
        overflowed = false;
    }

    private boolean startNext() {
        Item next = queue.poll();
        if (next == null) {
            return false;
        }
        if (next.event == null) {
            replyCount--;
        } else {
            waiting.remove(next.event);
        }
        current = next.bytes;
        sentOfCurrent = 0;
        return true;
    }
}
