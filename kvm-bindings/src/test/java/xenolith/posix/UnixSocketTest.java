package xenolith.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// [UnixSocket] and [Epoll].
@Timeout(30)
class UnixSocketTest {
    private static final int BUFFER_BYTES = 1 << 20;

    private final MemorySegment memory = Arena.ofAuto().allocate(BUFFER_BYTES);

    @TempDir
    private Path folder;

    private Iovec piece(long offset, long length) {
        Iovec pieces = new Iovec(4);
        pieces.add(memory, offset, length);
        return pieces;
    }

    private void fill(String text) {
        memory.setString(0, text);
    }

    private String text(long offset, long length) {
        return new String(memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE),
                java.nio.charset.StandardCharsets.US_ASCII);
    }

    @Test
    void messagesKeepTheirBoundsAndThePiecesTheirOrder() {
        String path = folder.resolve("port").toString();
        try (UnixSocket listener = UnixSocket.listen(path, 4);
                UnixSocket client = UnixSocket.connect(path);
                UnixSocket server = listener.accept()) {
            fill("abcdefgh");
            Iovec gathered = piece(4, 2);
            gathered.add(memory, 0, 3);
            assertThat(client.send(gathered)).isEqualTo(5);
            assertThat(client.send(piece(7, 1))).isEqualTo(1);
            Iovec scattered = piece(100, 1);
            scattered.add(memory, 200, 50);
            assertThat(server.receive(scattered)).isEqualTo(5);
            assertThat(text(100, 1) + text(200, 4)).isEqualTo("efabc");
            assertThat(server.receive(piece(100, 10))).isEqualTo(1);
            assertThat(server.receive(piece(100, 10))).isEqualTo(-Errno.EAGAIN);
            assertThat(listener.accept()).isNull();
        }
    }

    @Test
    void bothEndsKnowWhoseTheOtherIs() {
        String path = folder.resolve("port").toString();
        try (UnixSocket listener = UnixSocket.listen(path, 4);
                UnixSocket client = UnixSocket.connect(path);
                UnixSocket server = listener.accept()) {
            assertThat(client.peerUid()).isEqualTo(UnixSocket.ownUid());
            assertThat(server.peerUid()).isEqualTo(UnixSocket.ownUid());
        }
    }

    @Test
    void whereNobodyListensAnyMoreAConnectionIsRefused() {
        String path = folder.resolve("port").toString();
        UnixSocket.listen(path, 4).close();
        assertThat(Files.exists(Path.of(path))).isTrue();
        assertThatThrownBy(() -> UnixSocket.connect(path)).isInstanceOfSatisfying(HostException.class,
                e -> assertThat(e.errno()).isEqualTo(Errno.ECONNREFUSED));
    }

    @Test
    void aPeerThatIsGoneIsAnAnswerAndNoSignal() {
        UnixSocket.Pair pair = UnixSocket.streamPair();
        pair.second().close();
        assertThat(pair.first().send(piece(0, 8))).isEqualTo(-Errno.EPIPE);
        assertThat(pair.first().receive(piece(0, 8))).isZero();
        pair.close();
    }

    @Test
    void aBufferHoldsSeveralOfTheBiggestFrames() {
        String path = folder.resolve("port").toString();
        try (UnixSocket listener = UnixSocket.listen(path, 4);
                UnixSocket client = UnixSocket.connect(path);
                UnixSocket server = listener.accept()) {
            client.sendBufferBytes(4 << 20);
            int sent = 0;
            while (client.send(piece(0, 65_559)) == 65_559) {
                sent++;
            }
            assertThat(sent).isBetween(3, 200);
            assertThat(client.send(piece(0, 65_559))).isEqualTo(-Errno.EAGAIN);
            assertThat(server.receive(piece(0, 65_559))).isEqualTo(65_559);
        }
    }

    @Test
    void aSetIsReadableWhenOneOfItsMembersIs() {
        try (Epoll set = new Epoll(4);
                UnixSocket.Pair one = UnixSocket.streamPair();
                UnixSocket.Pair two = UnixSocket.streamPair()) {
            set.add(one.first().raw(), Epoll.EPOLLIN, 11);
            set.add(two.first().raw(), Epoll.EPOLLIN, 0x1_0000_0022L);
            Poll poll = new Poll(1);
            poll.add(set.raw(), Poll.POLLIN);
            assertThat(poll.await(0)).isZero();
            assertThat(set.await(0)).isZero();
            two.second().send(piece(0, 3));
            assertThat(poll.await(-1)).isEqualTo(1);
            assertThat(set.await(0)).isEqualTo(1);
            assertThat(set.data(0)).isEqualTo(0x1_0000_0022L);
            assertThat(set.events(0)).isEqualTo(Epoll.EPOLLIN);
            set.change(one.first().raw(), Epoll.EPOLLIN | Epoll.EPOLLOUT, 12);
            assertThat(set.await(0)).isEqualTo(2);
            one.second().close();
            two.first().close();
            assertThat(set.await(-1)).isEqualTo(1);
            assertThat(set.data(0)).isEqualTo(12);
            assertThat(set.events(0) & Epoll.EPOLLHUP).isEqualTo(Epoll.EPOLLHUP);
        }
    }

    @Test
    void piecesAreCopiedOutInAndOn() {
        fill("abcdefgh");
        Iovec pieces = piece(0, 3);
        pieces.add(memory, 5, 3);
        assertThat(pieces.copyOut(2, memory, 50, 10)).isEqualTo(4);
        assertThat(text(50, 4)).isEqualTo("cfgh");
        memory.setString(60, "XYZ");
        assertThat(pieces.copyIn(2, memory, 60, 2)).isEqualTo(2);
        assertThat(text(0, 8)).isEqualTo("abXdeYgh");
        pieces.advance(1);
        Iovec rest = new Iovec(3);
        rest.addAll(pieces, 1);
        assertThat(rest.byteLength()).isEqualTo(4);
        assertThat(rest.copyOut(0, memory, 70, 4)).isEqualTo(4);
        assertThat(text(70, 4)).isEqualTo("XYgh");
        assertThat(pieces.byteLength()).isEqualTo(5);
    }

    @Test
    void descriptorsGoWithTheMessageTheyWereSentWith() {
        String path = folder.resolve("port").toString();
        try (UnixSocket listener = UnixSocket.listen(path, 4);
                UnixSocket client = UnixSocket.connect(path);
                UnixSocket server = listener.accept();
                EventFd event = EventFd.create();
                Fd memfd = Memfd.create("sent", 4096);
                Mapping ours = Mapping.shared(memfd, 0, 4096, true)) {
            assertThat(client.send(piece(0, 1))).isEqualTo(1);
            assertThat(client.send(piece(0, 2), event.raw(), memfd.raw())).isEqualTo(2);
            assertThat(client.send(piece(0, 3), event.raw())).isEqualTo(3);
            List<Fd> got = new ArrayList<>();
            assertThat(server.receive(piece(0, 10), got)).isEqualTo(1);
            assertThat(got).isEmpty();
            assertThat(server.receive(piece(0, 10), got)).isEqualTo(2);
            assertThat(got).hasSize(2);
            assertThat(server.receive(piece(0, 10))).as("unwanted ones are closed").isEqualTo(3);
            try (EventFd theirs = EventFd.of(got.get(0)); Mapping mapped = Mapping.shared(got.get(1), 0, 4096, true)) {
                theirs.signal();
                assertThat(event.drain()).isOne();
                mapped.segment().set(ValueLayout.JAVA_INT, 8, 5);
                assertThat(ours.segment().get(ValueLayout.JAVA_INT, 8)).isEqualTo(5);
            }
            got.get(1).close();
        }
    }

    @Test
    void descriptorsThatAreNotWantedCannotBeSent() {
        try (UnixSocket.Pair pair = UnixSocket.messagePair(); EventFd event = EventFd.create()) {
            assumeTrue(pair.first().refuseDescriptors(), "this host's sockets take descriptors always");
            assertThat(pair.second().send(piece(0, 1), event.raw())).isEqualTo(-Errno.EPERM);
            assertThat(pair.second().send(piece(0, 1))).isOne();
            assertThat(pair.first().send(piece(0, 1), event.raw())).as("the other way").isOne();
        }
    }

    @Test
    void anEndThatReceivesNothingStillSendsAndAFullOneDoesNotWait() {
        try (UnixSocket.Pair pair = UnixSocket.messagePair()) {
            pair.first().stopReceiving();
            assertThat(pair.second().send(piece(0, 1))).isEqualTo(-Errno.EPIPE);
            long result = 1;
            for (int i = 0; i < 100_000 && result == 1; i++) {
                result = pair.first().send(piece(0, 1));
            }
            assertThat(result).isEqualTo(-Errno.EAGAIN);
            assertThat(pair.second().receive(piece(0, 10))).isOne();
            pair.first().shutDown();
            long left = 0;
            while (pair.second().receive(piece(0, 10)) == 1) {
                left++;
            }
            assertThat(left).isPositive();
            assertThat(pair.second().receive(piece(0, 10))).as("its end").isZero();
        }
    }

    @Test
    void thePeerIsKnownByUserAndProcessAndItsEndIsSeen() throws Exception {
        String path = folder.resolve("port").toString();
        try (UnixSocket _ = UnixSocket.listen(path, 4); UnixSocket client = UnixSocket.connect(path)) {
            assertThat(client.peerUid()).isEqualTo(UnixSocket.ownUid());
            assertThat(client.peerPid()).isEqualTo((int) ProcessHandle.current().pid());
        }
        Process sleep = new ProcessBuilder("sleep", "60").start();
        try (PidFd pid = PidFd.open((int) sleep.pid())) {
            assertThat(pid.awaitEnd(0)).isFalse();
            sleep.destroyForcibly();
            assertThat(pid.awaitEnd(20_000_000_000L)).isTrue();
        }
        sleep.waitFor();
        assertThatThrownBy(() -> PidFd.open((int) sleep.pid())).isInstanceOf(HostException.class);
    }
}
