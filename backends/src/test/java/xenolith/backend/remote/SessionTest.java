package xenolith.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.backend.Eventually;
import xenolith.backend.FakeDomain;
import xenolith.backend.remote.BackendSource.UnreachableException;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.Memfd;
import xenolith.posix.Poll;
import xenolith.posix.UnixSocket;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;
import xenolith.vmm.port.SharedMemory;

/// The machine's end of a connection, to a process that the test plays.
@Timeout(60)
class SessionTest {
    private static final long NEVER_NS = 60_000_000_000L;
    private static final long AT_ONCE_NS = 1_000_000;

    private final Fd memfd = Memfd.create("guest", 4096);
    private final StatusPage status = StatusPage.create("test");
    private final Message message = new Message();

    private final class Memory implements SharedMemory {
        @Override
        public int descriptor() {
            return memfd.raw();
        }

        @Override
        public long byteLength() {
            return 4096;
        }

        @Override
        public long offsetOf(MemorySegment page) {
            return 0;
        }
    }

    /// A domain that has no place for another process.
    private record FullDomain(RuntimeException reason) implements DeviceAccess {
        @Override
        public GrantAccess grants() {
            throw reason;
        }

        @Override
        public Optional<EventPort> bind(int guestPort) {
            return Optional.empty();
        }

        @Override
        public Runnable workingElsewhere(IntSupplier threads) {
            throw reason;
        }
    }

    @AfterEach
    void close() {
        status.close();
        memfd.close();
    }

    private Session.Parts parts(DeviceAccess domain) {
        return new Session.Parts("test", "vbd", domain, new Memory(), 2, new WrittenNodes(), status);
    }

    private static long openDescriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }

    /// Hears the next question. Returns its tag.
    private int hear(UnixSocket socket, int type) throws ProtocolException {
        Poll poll = new Poll(1);
        poll.add(socket.raw(), Poll.POLLIN);
        while (poll.await(-1) == 0) {
            Thread.onSpinWait();
        }
        assertThat(message.receive(socket)).isPositive();
        message.closeDescriptors();
        assertThat(message.getInt()).isEqualTo(type);
        return message.getInt();
    }

    private boolean isAsked(UnixSocket socket) {
        return message.receive(socket) != -Errno.EAGAIN;
    }

    private Message answer(int type, int tag) {
        return message.begin(type | Wire.REPLY, tag);
    }

    private void counters(UnixSocket socket, int tag, long reads) {
        assertThat(answer(Wire.COUNTERS, tag).putInt(1).putText("reads").putLong(reads).send(socket)).isZero();
    }

    /// What is done with a session whose other end the test plays.
    @FunctionalInterface
    private interface Scene {
        void play(Session session, UnixSocket theirs) throws Exception;
    }

    private void play(Scene scene) throws Exception {
        FakeProcess process = new FakeProcess(null);
        UnixSocket socket = process.socket();
        CountDownLatch closed = new CountDownLatch(1);
        Session[] opened = new Session[1];
        Thread machine = Thread.ofPlatform().start(() ->
                opened[0] = Session.open(parts(new FakeDomain()), process.peer(), closed::countDown));
        answer(Wire.HELLO, hear(socket, Wire.HELLO)).putInt(Wire.OKAY).putInt(Wire.VERSION).putText("vbd").send(socket);
        machine.join();
        Session session = opened[0];
        try {
            scene.play(session, socket);
        } finally {
            session.end();
            session.awaitEnd();
            closed.await();
            socket.close();
        }
    }

    @Test
    void aProcessThatDoesNotSayWhatItCountedIsNotWaitedForTwice() throws Exception {
        play((session, socket) -> {
            assertThat(session.counters(AT_ONCE_NS)).isEmpty();
            int tag = hear(socket, Wire.COUNTERS);
            assertThat(session.counters(NEVER_NS)).as("the question stands").isEmpty();
            assertThat(isAsked(socket)).isFalse();
            counters(socket, tag, 5);
            Optional<Map<String, Long>> heard = session.counters(AT_ONCE_NS);
            while (heard.isEmpty()) {
                heard = session.counters(AT_ONCE_NS);
            }
            assertThat(heard).contains(Map.of("reads", 5L));
            tag = hear(socket, Wire.COUNTERS);
            counters(socket, tag, 6);
            while (!heard.equals(Optional.of(Map.of("reads", 6L)))) {
                heard = session.counters(AT_ONCE_NS);
            }
        });
    }

    @Test
    void aQuestionThatDidNotGoOutIsAskedAgain() throws Exception {
        play((session, socket) -> {
            UnixSocket ours = session.peer().socket();
            int sent = 0;
            while (answer(Wire.COUNTERS, 0).send(ours) == 0) {
                sent++;
            }
            assertThatThrownBy(() -> session.counters(AT_ONCE_NS)).isInstanceOf(LinkLostException.class)
                    .hasMessage("it does not read what it is sent");
            for (int i = 0; i < sent; i++) {
                hear(socket, Wire.COUNTERS | Wire.REPLY);
            }
            assertThat(session.counters(AT_ONCE_NS)).isEmpty();
            counters(socket, hear(socket, Wire.COUNTERS), 5);
            Eventually.is(Optional.of(Map.of("reads", 5L)), () -> session.counters(AT_ONCE_NS));
        });
    }

    /// A list that did not wait for its answer comes before.
    @Test
    void aQuestionThatStandsIsWaitedForBeforeTheProcessGoes() throws Exception {
        play((session, socket) -> {
            assertThat(session.counters(AT_ONCE_NS)).isEmpty();
            int tag = hear(socket, Wire.COUNTERS);
            AtomicReference<Optional<Map<String, Long>>> last = new AtomicReference<>();
            Thread closing = Thread.ofPlatform().start(() -> last.set(session.lastCounters(NEVER_NS)));
            assertThat(closing.join(Duration.ofMillis(50))).isFalse();
            counters(socket, tag, 5);
            counters(socket, hear(socket, Wire.COUNTERS), 6);
            closing.join();
            assertThat(last.get()).contains(Map.of("reads", 6L));
            assertThat(session.lastCounters(AT_ONCE_NS)).as("it does not answer").contains(Map.of("reads", 6L));
        });
    }

    @Test
    void whoAsksAProcessThatIsGoneIsToldSo() throws Exception {
        play((session, socket) -> {
            assertThat(session.counters(AT_ONCE_NS)).isEmpty();
            session.end();
            session.awaitEnd();
            assertThatThrownBy(() -> session.counters(AT_ONCE_NS)).isInstanceOf(LinkLostException.class);
        });
    }

    @Test
    void nothingIsLeftOfAConnectionThatCannotBeServed() throws Exception {
        HostException full = new HostException("epoll_ctl", Errno.ENOSPC);
        CountDownLatch killed = new CountDownLatch(2);
        FakeProcess[] processes = {new FakeProcess(null), new FakeProcess(null)};
        long before = openDescriptors();
        Connections connections = new Connections(source(processes),
                (peer, onClosed) -> Session.open(parts(new FullDomain(full)), peer, onClosed), _ -> killed.countDown());
        for (FakeProcess process : processes) {
            assertThatThrownBy(connections::next).isInstanceOf(UnreachableException.class)
                    .hasMessage(full.getMessage());
            process.socket().close();
        }
        assertThat(killed.getCount()).as("processes that live on").isZero();
        assertThat(openDescriptors()).as("of both ends of both connections").isEqualTo(before - 4);
    }

    @Test
    void aFaultOfOursLeavesNoConnectionAndNoProcessEither() throws Exception {
        IllegalStateException fault = new IllegalStateException("on purpose");
        CountDownLatch killed = new CountDownLatch(2);
        FakeProcess[] processes = {new FakeProcess(null), new FakeProcess(null)};
        long before = openDescriptors();
        Connections connections = new Connections(source(processes),
                (peer, onClosed) -> Session.open(parts(new FullDomain(fault)), peer, onClosed),
                _ -> killed.countDown());
        for (FakeProcess process : processes) {
            assertThatThrownBy(connections::next).isSameAs(fault);
            process.socket().close();
        }
        assertThat(killed.getCount()).as("processes that live on").isZero();
        assertThat(openDescriptors()).isEqualTo(before - 4);
    }

    private static BackendSource source(FakeProcess... processes) {
        return new BackendSource() {
            private int next;

            @Override
            public Peer connect() {
                return processes[next++].peer();
            }

            @Override
            public boolean isOurs() {
                return true;
            }
        };
    }
}
