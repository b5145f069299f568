package xenolith.backend.net.switching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import xenolith.backend.net.FramePort;
import xenolith.backend.net.Frames;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.posix.Poll;
import xenolith.posix.UnixSocket;

@Timeout(60)
class SwitchTest {
    private static final long A = 0x0216_3e00_000aL;
    private static final long B = 0x0216_3e00_000bL;
    private static final long C = 0x0216_3e00_000cL;
    private static final String NONE = "none: -11";

    private final Frames frames = new Frames();
    private final List<FramePort> open = new ArrayList<>();

    @TempDir
    private Path folder;

    private SwitchPort port() {
        SwitchPort port = (SwitchPort) new SwitchLink(folder).open(0);
        open.add(port);
        return port;
    }

    @AfterEach
    void closeAll() {
        open.forEach(FramePort::close);
    }

    private String text(FramePort port) {
        return frames.text(port);
    }

    @Test
    void aFrameForAllGoesToAllOthers() {
        SwitchPort a = port();
        SwitchPort b = port();
        SwitchPort c = port();
        // a finds out who has come when it looks for frames.
        assertThat(text(a)).isEqualTo(NONE);
        assertThat(frames.send(a, Frames.BROADCAST, A, "who is there")).isZero();
        assertThat(text(b)).isEqualTo("who is there");
        assertThat(text(c)).isEqualTo("who is there");
        assertThat(text(a)).isEqualTo(NONE);
    }

    @Test
    void aFrameForAKnownAddressGoesToItAlone() {
        SwitchPort a = port();
        SwitchPort b = port();
        SwitchPort c = port();
        frames.send(c, A, C, "unknown yet");
        assertThat(text(a)).isEqualTo("unknown yet");
        assertThat(text(b)).isEqualTo("unknown yet");
        frames.send(a, C, A, "known");
        assertThat(text(c)).isEqualTo("known");
        assertThat(text(b)).isEqualTo(NONE);
    }

    /// A user's runtime directory goes when the user logs out.
    @Test
    void aPortCanBeClosedWhoseDirectoryIsGone() throws IOException {
        SwitchPort a = port();
        SwitchPort b = port();
        text(a);
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
        a.close();
        open.remove(a);
        frames.send(b, Frames.BROADCAST, B, "is anybody there");
        assertThat(text(b)).isEqualTo(NONE);
        assertThat(b.dropped()).as("nobody is").isOne();
        assertThatThrownBy(() -> new SwitchLink(folder).open(0)).isInstanceOf(HostException.class);
        Files.createDirectory(folder);
    }

    @Test
    void anAddressMovesWithItsOwner() {
        SwitchPort a = port();
        SwitchPort b = port();
        SwitchPort c = port();
        frames.send(c, Frames.BROADCAST, C, "here");
        assertThat(text(a)).isEqualTo("here");
        text(b);
        frames.send(b, Frames.BROADCAST, C, "now there");
        assertThat(text(a)).isEqualTo("now there");
        text(c);
        frames.send(a, C, A, "to you");
        assertThat(text(b)).isEqualTo("to you");
        assertThat(text(c)).isEqualTo(NONE);
    }

    @Test
    void theHeaderAndEveryByteArrive() {
        SwitchPort a = port();
        SwitchPort b = port();
        byte[] frame = Frames.bytes(Frames.BROADCAST, A, "x".repeat(65_000));
        for (int i = 0; i < FramePort.HEADER_BYTES; i++) {
            frame[i] = (byte) (i + 1);
        }
        text(a);
        frames.send(a, frame);
        assertThat(frames.receive(b)).isEqualTo(frame.length);
        assertThat(frames.received(frame.length)).isEqualTo(frame);
    }

    @Test
    void aSlowPeerLosesFramesAndHoldsNobodyUp() {
        SwitchPort a = port();
        SwitchPort slow = port();
        SwitchPort quick = port();
        text(a);
        int sent = 0;
        while (a.dropped() == 0) {
            frames.send(a, Frames.BROADCAST, A, "y".repeat(30_000));
            assertThat(text(quick)).hasSize(30_000);
            sent++;
        }
        assertThat(sent).isGreaterThan(6);
        int arrived = 0;
        while (frames.receive(slow) > 0) {
            arrived++;
        }
        assertThat(arrived).isEqualTo(sent - 1);
        frames.send(a, Frames.BROADCAST, A, "again");
        assertThat(text(slow)).isEqualTo("again");
    }

    @Test
    void whoSendsToItsOnlyPeerIsAskedToWaitAMomentWhereThatIsFullAndNoLonger() {
        SwitchPort a = port();
        SwitchPort full = port();
        frames.send(full, Frames.BROADCAST, B, "here");
        text(a);
        int asked = 0;
        while (a.dropped() == 0) {
            asked += frames.send(a, B, A, "y".repeat(30_000)) == -Errno.EAGAIN ? 1 : 0;
        }
        assertThat(asked).isPositive();
        assertThat(frames.send(a, B, A, "y".repeat(30_000))).as("it is dropped").isEqualTo(-Errno.ENOBUFS);
        assertThat(a.dropped()).isEqualTo(2);
        while (text(full).startsWith("y")) {
            asked++;
        }
        assertThat(frames.send(a, B, A, "again")).isZero();
        assertThat(text(full)).isEqualTo("again");
    }

    @Test
    void aFullPeerAmongOthersLosesItsFramesAtOnce() {
        SwitchPort a = port();
        SwitchPort full = port();
        SwitchPort other = port();
        frames.send(full, Frames.BROADCAST, B, "here");
        frames.send(other, Frames.BROADCAST, C, "here too");
        text(a);
        text(a);
        int rc = 0;
        while (rc == 0) {
            rc = frames.send(a, B, A, "y".repeat(30_000));
            assertThat(frames.send(a, C, A, "quick")).isZero();
        }
        assertThat(rc).as("never asked to wait").isEqualTo(-Errno.ENOBUFS);
        assertThat(a.dropped()).isOne();
        assertThat(frames.send(a, Frames.BROADCAST, A, "y".repeat(30_000))).as("one of two got it").isEqualTo(-Errno.ENOBUFS);
    }

    /// As one whose process is stopped, while others come and go.
    @Test
    void whoCannotBeReachedAtFirstIsReachedLater() throws InterruptedException {
        try (UnixSocket stopped = UnixSocket.listen(folder.resolve("0.port").toString(), 1)) {
            List<UnixSocket> tried = new ArrayList<>();
            assertThatThrownBy(() -> {
                while (tried.size() < 1000) {
                    tried.add(UnixSocket.connect(folder.resolve("0.port").toString()));
                }
            }).isInstanceOfSatisfying(HostException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EAGAIN));
            SwitchPort a = port();
            for (UnixSocket one : tried) {
                stopped.accept().close();
                one.close();
            }
            UnixSocket reached = null;
            while (reached == null) {
                assertThat(text(a)).isEqualTo(NONE);
                Thread.sleep(50);
                reached = stopped.accept();
            }
            reached.close();
            Thread.sleep(1100);
            assertThat(text(a)).isEqualTo(NONE);
            assertThat(stopped.accept()).as("once is enough").isNull();
        }
    }

    @Test
    void whoFindsNoPlaceLeavesNothingOpen() throws IOException {
        for (int i = 0; i < 64; i++) {
            port();
        }
        assertThatThrownBy(this::port).isInstanceOf(HostException.class);
        long before = descriptors();
        for (int i = 0; i < 20; i++) {
            assertThatThrownBy(this::port).isInstanceOf(HostException.class);
        }
        // Others of this process may open some meanwhile, but not hundreds.
        assertThat(descriptors()).isLessThan(before + 100);
    }

    /// The process may have no more descriptors: whoever comes waits until it may.
    @Test
    void aNewcomerForWhomThereIsNoDescriptorIsLetInLaterAndHarmsNobody() throws Exception {
        assumeThat(Path.of("/usr/bin/prlimit")).exists();
        SwitchPort a = port();
        SwitchPort b = port();
        text(a);
        SwitchPort late = port();
        text(b);
        assertThatThrownBy(() -> UnixSocket.connect(folder.resolve("none").toString())).isInstanceOf(HostException.class);
        Poll poll = new Poll(1);
        poll.add(a.descriptor(), Poll.POLLIN);
        Process shell = new ProcessBuilder("sh").redirectErrorStream(true).start();
        limit(shell, "3:");
        try {
            assertThat(text(a)).isEqualTo(NONE);
            assertThat(poll.await(0)).as("nobody looks at it all the time").isZero();
            frames.send(b, Frames.BROADCAST, B, "goes on");
            assertThat(text(a)).isEqualTo("goes on");
        } finally {
            limit(shell, "$(prlimit --pid $$ --nofile --noheadings --output SOFT):");
            shell.outputWriter().close();
        }
        frames.send(late, Frames.BROADCAST, C, "here I am");
        String text = NONE;
        while (text.equals(NONE)) {
            Thread.sleep(20);
            text = text(a);
        }
        assertThat(text).isEqualTo("here I am");
        assertThat(shell.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    private static void limit(Process shell, String descriptors) throws IOException {
        shell.outputWriter().write("prlimit --pid " + ProcessHandle.current().pid() + " --nofile=" + descriptors
                + " && echo done\n");
        shell.outputWriter().flush();
        assertThat(shell.inputReader().readLine()).isEqualTo("done");
    }

    private static long descriptors() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }

    @Test
    void everyPeerHasItsTurn() {
        SwitchPort a = port();
        SwitchPort b = port();
        SwitchPort c = port();
        text(a);
        for (int i = 0; i < 100; i++) {
            frames.send(b, A, B, "b");
        }
        frames.send(c, A, C, "c");
        StringBuilder order = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            order.append(text(a));
        }
        assertThat(order.toString()).contains("c");
    }

    @Test
    void aPortThatIsGoneIsForgotten() {
        SwitchPort a = port();
        SwitchPort b = port();
        SwitchPort c = port();
        frames.send(c, Frames.BROADCAST, C, "here");
        text(a);
        text(b);
        c.close();
        assertThat(text(a)).isEqualTo(NONE);
        frames.send(a, C, A, "where are you");
        assertThat(text(b)).as("it is for nobody known now").isEqualTo("where are you");
        SwitchPort d = port();
        text(a);
        frames.send(a, Frames.BROADCAST, A, "new one");
        assertThat(text(d)).isEqualTo("new one");
    }

    @Test
    void theDescriptorIsReadableWhenAFrameWaitsAndOnlyThen() {
        SwitchPort a = port();
        SwitchPort b = port();
        text(a);
        Poll poll = new Poll(1);
        poll.add(a.descriptor(), Poll.POLLIN);
        assertThat(poll.await(0)).isZero();
        frames.send(b, Frames.BROADCAST, B, "one");
        assertThat(poll.await(-1)).isEqualTo(1);
        assertThat(text(a)).isEqualTo("one");
        assertThat(text(a)).isEqualTo(NONE);
        assertThat(poll.await(0)).isZero();
    }

    @Test
    void whatAKilledProcessLeftIsTakenOver() {
        UnixSocket.listen(folder.resolve("0.port").toString(), 1).close();
        SwitchPort a = port();
        SwitchPort b = port();
        text(a);
        frames.send(a, Frames.BROADCAST, A, "hello");
        assertThat(text(b)).isEqualTo("hello");
        assertThat(folder.resolve("0.port")).exists();
        a.close();
        b.close();
        assertThat(folder).isDirectoryNotContaining("glob:**.port");
    }

    @Test
    void aSwitchHasSixtyFourPorts() {
        for (int i = 0; i < 64; i++) {
            port();
        }
        assertThatThrownBy(this::port).isInstanceOf(HostException.class).hasMessageContaining("ENOSPC");
        open.removeLast().close();
        SwitchPort last = port();
        frames.send(last, Frames.BROADCAST, A, "I am late");
        for (int i = 0; i < 63; i++) {
            assertThat(text(open.get(i))).as("port " + i).isEqualTo("I am late");
        }
    }

    @Test
    void anotherUserIsNotLetIn() throws Exception {
        assumeThat(UnixSocket.ownUid()).as("only root can be another user").isZero();
        assumeThat(Path.of("/usr/bin/perl")).exists();
        assumeThat(Path.of("/usr/bin/setpriv")).exists();
        SwitchPort a = port();
        openToAll();
        Process stranger = new ProcessBuilder("setpriv", "--reuid=65534", "--clear-groups", "perl", "-e", """
                use Socket; socket(S, AF_UNIX, SOCK_SEQPACKET, 0) or die; $| = 1;
                connect(S, pack_sockaddr_un($ARGV[0])) or die "no: $!";
                send(S, "\\xff" x 40, 0); print "sent\\n"; print defined recv(S, $x, 9, 0) && $x ne "" ? "got" : "end"
                """, folder.resolve("0.port").toString()).redirectErrorStream(true).start();
        assertThat(stranger.inputReader().readLine()).isEqualTo("sent");
        assertThat(text(a)).isEqualTo(NONE);
        assertThat(stranger.inputReader().readLine()).isEqualTo("end");
        assertThat(stranger.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    /// As if somebody had got past the directories' modes.
    private void openToAll() throws IOException {
        for (Path path = folder; path != null && path.getNameCount() > 0; path = path.getParent()) {
            if (path.getFileName().toString().startsWith("junit")) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
            }
        }
        Files.setPosixFilePermissions(folder.resolve("0.port"), PosixFilePermissions.fromString("rwxrwxrwx"));
    }
}
