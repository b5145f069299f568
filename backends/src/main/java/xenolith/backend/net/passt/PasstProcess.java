package xenolith.backend.net.passt;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import xenolith.posix.ChildProcess;
import xenolith.posix.Epoll;
import xenolith.posix.Errno;
import xenolith.posix.EventFd;
import xenolith.posix.Iovec;
import xenolith.posix.PidFd;
import xenolith.posix.Poll;
import xenolith.posix.UnixSocket;

/// One process with its stream of frames, and what it says before it ends. For one thread but for the stream.
final class PasstProcess {
    private static final int MESSAGE_BYTES = 2048;
    /// Room for frames on their way from passt, which drops what finds none, a window's worth at once, and then sends
    /// the whole window again. It makes room for itself only where it makes the socket itself.
    private static final int FRAMES_BYTES = 8 << 20;
    /// With less, whole windows of a single stream are lost.
    private static final int ENOUGH_BYTES = 2 << 20;

    private final ChildProcess process;
    private final PidFd pid;
    private final Consumer<String> log;
    private final PasstStream stream;
    private final UnixSocket messages;
    private final MemorySegment buffer = Arena.ofAuto().allocate(MESSAGE_BYTES);
    private final Iovec into = new Iovec(1);
    private boolean isSilent;
    private String lastLine = "";

    private PasstProcess(ChildProcess process, PidFd pid, PasstStream stream, UnixSocket messages, Consumer<String> log) {
        this.process = process;
        this.pid = pid;
        this.stream = stream;
        this.messages = messages;
        this.log = log;
    }

    /// Starts one. Throws [xenolith.posix.HostException] if that fails.
    ///
    /// @param log gets each line that it writes, while somebody is in [#awaitEnd]
    static PasstProcess start(PasstCommand command, Epoll ready, Consumer<String> log) {
        UnixSocket.Pair frames = UnixSocket.streamPair();
        UnixSocket.Pair messages = null;
        ChildProcess process = null;
        PidFd pid = null;
        try {
            messages = UnixSocket.streamPair();
            int room = frames.second().sendBufferBytes(FRAMES_BYTES);
            if (room < ENOUGH_BYTES) {
                log.accept("frames to the guest may be lost: there is room for " + (room >> 10) + " KiB of them; for more, "
                        + "set the sysctl net.core.wmem_max to " + FRAMES_BYTES);
            }
            process = ChildProcess.start(command.words(), System.getenv(), frames.second(), messages.second());
            // Ours to see the end by: the process must be the only one who has them.
            frames.second().close();
            messages.second().close();
            pid = PidFd.open(process.pid());
            return new PasstProcess(process, pid, new PasstStream(frames.first(), ready), messages.first(), log);
        } catch (RuntimeException e) {
            frames.close();
            if (messages != null) {
                messages.close();
            }
            if (pid != null) {
                pid.close();
            }
            if (process != null) {
                process.kill();
                process.await();
            }
            throw e;
        }
    }

    PasstStream stream() {
        return stream;
    }

    /// Waits until it has ended, `wake` is signalled, or `timeoutNs` has passed (-1 for never). Returns whether it has
    /// ended.
    boolean awaitEnd(EventFd wake, long timeoutNs) {
        long untilNs = System.nanoTime() + timeoutNs;
        Poll poll = new Poll(3);
        while (true) {
            long leftNs = untilNs - System.nanoTime();
            if (timeoutNs >= 0 && leftNs <= 0) {
                return false;
            }
            poll.clear();
            poll.add(pid.raw(), Poll.POLLIN);
            poll.add(wake.raw(), Poll.POLLIN);
            poll.add(isSilent ? -1 : messages.raw(), Poll.POLLIN);
            if (poll.await(timeoutNs < 0 ? -1 : leftNs) == 0) {
                continue;
            }
            if (poll.revents(2) != 0) {
                hear();
            } else if (poll.revents(0) != 0) {
                return true;
            } else if (poll.revents(1) != 0) {
                return false;
            }
        }
    }

    /// Reads what it says and keeps the last line.
    private void hear() {
        into.clear();
        into.add(buffer, 0, MESSAGE_BYTES);
        long length = messages.receive(into);
        if (length <= 0) {
            isSilent = length != -Errno.EAGAIN;
            return;
        }
        String text = new String(buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        text.lines().filter(line -> !line.isBlank()).map(line -> line.strip().replaceAll("\\p{Cntrl}", "?")).forEach(line -> {
            lastLine = line;
            log.accept(line);
        });
    }

    /// Makes sure of its end and gives everything of it back. Returns how it ended.
    String end() {
        stream.close();
        messages.close();
        process.kill();
        int status = process.await();
        pid.close();
        return "its process ended with status " + status + (lastLine.isEmpty() ? "" : ": " + lastLine);
    }
}
