package xenolith.backend.image.qcow2;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;

/// A file in memory whose power can be cut: what was written since the last sync may be there or not, each sector for
/// itself and in any order. It can fail as a full disk does, too.
final class FragileStorage implements Storage {
    private static final int SECTOR = 512;

    private record Change(long offset, byte[] bytes) {
    }

    private byte[] durable;
    private byte[] current;
    private long length;
    private long durableLength;
    private final List<Change> pending = new ArrayList<>();
    private final Random random;
    /// Called before each sync.
    private Consumer<FragileStorage> beforeSync = _ -> { };
    private long room = Long.MAX_VALUE;
    private Runnable beforePunch = () -> { };
    private int punched;
    private int punches;

    FragileStorage(byte[] bytes, int capacity, long seed) {
        current = Arrays.copyOf(bytes, capacity);
        durable = current.clone();
        length = bytes.length;
        durableLength = length;
        random = new Random(seed);
    }

    void beforeSync(Consumer<FragileStorage> action) {
        beforeSync = action;
    }

    /// Called before each hole, which waits for it as for a slow host.
    void beforePunch(Runnable action) {
        beforePunch = action;
    }

    /// How many holes were made so far.
    synchronized int punches() {
        return punches;
    }

    /// The file cannot become longer than this.
    void room(long byteLength) {
        room = byteLength;
    }

    synchronized int punched() {
        return punched;
    }

    /// The file as it may be when the power comes back.
    synchronized byte[] afterPowerCut() {
        byte[] bytes = durable.clone();
        long end = durableLength;
        int mode = random.nextInt(4);
        int prefix = random.nextInt(pending.size() + 1);
        for (int i = 0; i < pending.size(); i++) {
            Change change = pending.get(i);
            for (int at = 0; at < change.bytes.length; at += SECTOR) {
                boolean there = switch (mode) {
                    case 0 -> i < prefix;
                    case 1 -> i >= prefix;
                    case 2 -> random.nextBoolean();
                    default -> random.nextInt(10) != 0;
                };
                if (there) {
                    int count = Math.min(SECTOR, change.bytes.length - at);
                    System.arraycopy(change.bytes, at, bytes, (int) change.offset + at, count);
                    end = Math.max(end, change.offset + at + count);
                }
            }
        }
        return Arrays.copyOf(bytes, (int) end);
    }

    synchronized void save(Path path) throws IOException {
        Files.write(path, Arrays.copyOf(current, (int) length));
    }

    @Override
    public synchronized long byteLength() {
        return length;
    }

    @Override
    public boolean growsWithZeros() {
        return true;
    }

    @Override
    public synchronized long read(Iovec to, long offset) {
        long wanted = to.byteLength();
        long there = Math.clamp(length - offset, 0, wanted);
        to.copyIn(0, MemorySegment.ofArray(current), offset, there);
        to.advance(there);
        to.fillZeros(wanted - there);
        return there;
    }

    @Override
    public synchronized int write(Iovec from, long offset) {
        if (offset + from.byteLength() > Math.min(room, current.length)) {
            return -Errno.ENOSPC;
        }
        byte[] bytes = bytesOf(from);
        System.arraycopy(bytes, 0, current, (int) offset, bytes.length);
        length = Math.max(length, offset + bytes.length);
        pending.add(new Change(offset, bytes));
        return 0;
    }

    private static byte[] bytesOf(Iovec from) {
        MemorySegment to = Arena.ofAuto().allocate(from.byteLength(), 8);
        from.copyOut(0, to, 0, from.byteLength());
        from.advance(from.byteLength());
        return to.toArray(ValueLayout.JAVA_BYTE);
    }

    @Override
    public int sync() {
        beforeSync.accept(this);
        synchronized (this) {
            pending.clear();
            durable = current.clone();
            durableLength = length;
            return 0;
        }
    }

    @Override
    public int punchHole(long offset, long byteLength) {
        beforePunch.run();
        return punch(offset, byteLength);
    }

    private synchronized int punch(long offset, long byteLength) {
        punches++;
        int end = (int) Math.min(offset + byteLength, length);
        if (offset < end) {
            punched += (int) (end - offset);
            Arrays.fill(current, (int) offset, end, (byte) 0);
            pending.add(new Change(offset, new byte[(int) (end - offset)]));
        }
        return 0;
    }

    @Override
    public void close() {
        // Nothing to let go of.
    }
}
