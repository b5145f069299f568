package xenolith.backend.console;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// What is typed to a guest and not yet in its ring: a bounded queue of bytes.
///
/// Any thread may write; the backend's thread alone takes. Writing through [OutputStream] waits while the queue is full,
/// which is how a guest that reads slowly slows down a paste instead of filling our memory. [#offer] never waits.
public final class ConsoleInput extends OutputStream {
    /// How much may be typed ahead of the guest's own 1024 bytes.
    static final int CAPACITY = 4096;

    private final byte[] queue = new byte[CAPACITY];
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition roomOrEnd = lock.newCondition();
    private final Runnable wakeBackend;
    private int head;
    private int count;
    private boolean closed;

    ConsoleInput(Runnable wakeBackend) {
        this.wakeBackend = wakeBackend;
    }

    /// Queues as many of the bytes as there is room for, without waiting. Returns how many, or -1 once the console is
    /// closed.
    public int offer(byte[] bytes, int offset, int byteLength) {
        Objects.checkFromIndexSize(offset, byteLength, bytes.length);
        int taken;
        lock.lock();
        try {
            if (closed) {
                return -1;
            }
            taken = enqueue(bytes, offset, byteLength);
        } finally {
            lock.unlock();
        }
        wakeBackend.run();
        return taken;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    /// Queues all the bytes, waiting for room.
    ///
    /// @throws IOException if the console is closed or the thread is interrupted; some of the bytes may be queued
    @Override
    public void write(byte[] bytes, int offset, int byteLength) throws IOException {
        Objects.checkFromIndexSize(offset, byteLength, bytes.length);
        int done = 0;
        while (done < byteLength) {
            if (!awaitRoom()) {
                throw closedConsole();
            }
            int taken = offer(bytes, offset + done, byteLength - done);
            if (taken < 0) {
                throw closedConsole();
            }
            done += taken;
        }
    }

    /// Ends the input: waiting writers fail and later ones too. What is queued still reaches a guest that reads it.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            roomOrEnd.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Copies the oldest bytes, at most `byteLength`, without removing them.
    int peek(byte[] to, int byteLength) {
        lock.lock();
        try {
            int n = Math.min(count, byteLength);
            int untilEnd = Math.min(n, CAPACITY - head);
            System.arraycopy(queue, head, to, 0, untilEnd);
            System.arraycopy(queue, 0, to, untilEnd, n - untilEnd);
            return n;
        } finally {
            lock.unlock();
        }
    }

    /// Removes the oldest `byteLength` bytes, which a [#peek] has returned.
    void remove(int byteLength) {
        lock.lock();
        try {
            head = (head + byteLength) % CAPACITY;
            count -= byteLength;
            roomOrEnd.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private int enqueue(byte[] bytes, int offset, int byteLength) {
        int n = Math.min(byteLength, CAPACITY - count);
        int tail = (head + count) % CAPACITY;
        int untilEnd = Math.min(n, CAPACITY - tail);
        System.arraycopy(bytes, offset, queue, tail, untilEnd);
        System.arraycopy(bytes, offset + untilEnd, queue, 0, n - untilEnd);
        count += n;
        return n;
    }

    /// Waits for room. Returns false if it is closed.
    boolean awaitRoom() throws IOException {
        lock.lock();
        try {
            while (count == CAPACITY && !closed) {
                roomOrEnd.await();
            }
            return !closed;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the guest's console input is full");
        } finally {
            lock.unlock();
        }
    }

    private static IOException closedConsole() {
        return new IOException("the guest's console is closed");
    }
}
