package xenolith.backend.console;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.function.Consumer;
import xenolith.abi.SharedWord;
import xenolith.abi.io.ByteRing;
import xenolith.abi.io.ConsoleRing;
import xenolith.backend.BackendThread;
import xenolith.backend.BrokenRingException;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.SharedPage;

/// Serves one domain's console ring with one thread, woken by the guest's events and by typed input.
///
/// Output is copied out of the ring in one piece, its room given back at once, and only then written to the sink: the
/// guest goes on while the sink works, and a burst of lines becomes one write.
///
/// The guest is notified of typed input always, but of room only when its ring was at least half full when we looked.
/// A guest waits for room only after it has found too little, and it sends an event for what it wrote before waiting;
/// the round that follows that event sees what it left, which is then more than half a ring, or finds the room already
/// given. Xen's xenconsoled sends an event for every batch; we do not, because each costs the guest an upcall, and a
/// booting kernel prints hundreds of lines.
public final class ConsoleBackend implements AutoCloseable {
    private static final Logger LOG = System.getLogger(ConsoleBackend.class.getName());
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    /// Rounds of the last drain. A dead guest leaves one ring's worth; a live one that keeps printing is cut off.
    private static final int LAST_ROUNDS = 16;

    private final ByteRing.Consumer out;
    private final ByteRing.Producer in;
    private final EventPort port;
    private final ConsoleSink sink;
    private final ConsoleInput input;
    private final BackendThread thread;
    private final byte[] outBatch = new byte[ConsoleRing.OUT_SIZE];
    private final byte[] inBatch = new byte[ConsoleRing.IN_SIZE];
    private final MemorySegment outSegment = MemorySegment.ofArray(outBatch);
    private final MemorySegment inSegment = MemorySegment.ofArray(inBatch);
    private Consumer<String> onBroken = _ -> { };
    private boolean unflushed;
    private volatile boolean drained;
    private volatile long firstByteNs;
    private volatile boolean sawOutput;
    private volatile long outputByteCount;
    private volatile String sinkFailure;

    /// A backend for the console of the domain called `name`; nothing happens until [#start].
    public ConsoleBackend(String name, SharedPage page, EventPort port, ConsoleSink sink) {
        MemorySegment ring = page.segment();
        // The page may have had another backend before us: go on where the indices stand.
        int taken = SharedWord.getIntAcquire(ring, ConsoleRing.OUT.consOffset());
        int given = SharedWord.getIntAcquire(ring, ConsoleRing.IN.prodOffset());
        this.out = new ByteRing.Consumer(ring, ConsoleRing.OUT, taken);
        this.in = new ByteRing.Producer(ring, ConsoleRing.IN, given);
        this.port = port;
        this.sink = sink;
        this.thread = new BackendThread("console-" + name, this::round, this::lastRound);
        this.input = new ConsoleInput(thread::wake);
    }

    /// Says who is to be told that the guest's ring is broken. Before [#start].
    void onBroken(Consumer<String> listener) {
        onBroken = listener;
    }

    /// Starts to listen, and drains what the guest has printed already: its events of before are gone.
    public void start() {
        port.onNotification(thread::wake);
        thread.start();
    }

    /// Where to write what is typed to the guest. Writing waits while the guest does not read.
    public ConsoleInput input() {
        return input;
    }

    /// Whether the guest has printed anything yet.
    public boolean sawOutput() {
        return sawOutput;
    }

    /// `System.nanoTime()` when the first byte was seen; meaningless before [#sawOutput].
    public long firstByteNanoTime() {
        return firstByteNs;
    }

    /// How many bytes the guest has printed so far.
    public long outputByteCount() {
        return outputByteCount;
    }

    /// Why the console stopped serving the guest, or lost its sink; null while all is well.
    public String failure() {
        String broken = thread.failure();
        return broken != null ? broken : sinkFailure;
    }

    /// Ends the console of a domain that no longer runs: what it printed last still reaches the sink. Returns false if
    /// not all of it did, because the sink is stuck or has failed, or because the guest broke its ring.
    public boolean drainAndClose() {
        input.close();
        return thread.stop(PATIENCE) && drained && failure() == null;
    }

    /// Ends the console of a domain that may run on: when it returns its page is not touched any more. Waits for the sink,
    /// however long that takes.
    void finish() {
        input.close();
        thread.stopAndWait(PATIENCE, () -> LOG.log(Level.WARNING, "a console's sink is slow; waiting for it"));
    }

    @Override
    public void close() {
        drainAndClose();
    }

    private boolean round() throws BrokenRingException {
        try {
            int printed = drain();
            int typed = feed();
            if (printed == 0 && typed == 0) {
                flush();
                return false;
            }
            return true;
        } catch (BrokenRingException | RuntimeException e) {
            // Whoever waits to type more would wait for ever.
            input.close();
            onBroken.accept(e.getMessage());
            throw e;
        }
    }

    private boolean lastRound() throws BrokenRingException {
        int rounds = 0;
        while (rounds < LAST_ROUNDS && drain() > 0) {
            rounds++;
        }
        flush();
        drained = true;
        return false;
    }

    /// Takes what the guest has printed. Returns how many bytes.
    private int drain() throws BrokenRingException {
        int count = checked(out.read(outSegment, 0, ConsoleRing.OUT_SIZE), "out");
        if (count == 0) {
            return 0;
        }
        if (!sawOutput) {
            firstByteNs = System.nanoTime();
            sawOutput = true;
        }
        if (count >= ConsoleRing.OUT_SIZE / 2) {
            port.notifyGuest();
        }
        print(count);
        return count;
    }

    /// Writes a batch to the sink. Once the sink has failed the output is dropped: the guest must not hang because
    /// nobody listens.
    private void print(int byteLength) {
        if (sinkFailure == null) {
            try {
                sink.write(outBatch, 0, byteLength);
                unflushed = true;
            } catch (IOException e) {
                sinkFailure = "the console's sink failed: " + e.getMessage();
            }
        }
        outputByteCount = outputByteCount + byteLength;
    }

    private void flush() {
        if (!unflushed || sinkFailure != null) {
            return;
        }
        unflushed = false;
        try {
            sink.flush();
        } catch (IOException e) {
            sinkFailure = "the console's sink failed: " + e.getMessage();
        }
    }

    /// Gives the guest what is typed, as far as its ring has room. Returns how many bytes.
    ///
    /// When the ring is full nothing is done until the guest sends an event, which it does after reading.
    private int feed() throws BrokenRingException {
        int ready = input.peek(inBatch, checked(in.space(), "in"));
        if (ready == 0) {
            return 0;
        }
        int written = checked(in.write(inSegment, 0, ready), "in");
        input.remove(written);
        port.notifyGuest();
        return written;
    }

    private static int checked(int byteCountOrError, String ring) throws BrokenRingException {
        if (byteCountOrError < 0) {
            throw new BrokenRingException("the guest's indices of its console's '" + ring + "' ring cannot be true");
        }
        return byteCountOrError;
    }
}
