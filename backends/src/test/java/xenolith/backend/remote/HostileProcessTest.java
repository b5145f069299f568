package xenolith.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenGrantTable;
import xenolith.backend.DeviceNodes;
import xenolith.backend.FakeDomain;
import xenolith.posix.Errno;
import xenolith.posix.EventFd;
import xenolith.posix.Fd;
import xenolith.posix.Iovec;
import xenolith.posix.Memfd;
import xenolith.posix.Poll;
import xenolith.posix.UnixSocket;
import xenolith.vmm.port.SharedMemory;

/// A device's process that says what none of ours would: the machine ends the connection and has back all that it gave.
@Timeout(60)
class HostileProcessTest {
    private static final int REF = 7;
    private static final int PORT = 5;
    /// A value that our own side stumbles over.
    private static final String FATAL = "fatal";

    /// What ends the connection.
    enum Lie {
        NO_SUCH_QUESTION(m -> m.begin(99, 1)),
        NO_QUESTION_AT_ALL(m -> m.begin(0, 1)),
        CUT_SHORT(m -> m.begin(Wire.MAP, 1).putInt(1)),
        GRANTS_OF_NOBODY(m -> m.begin(Wire.MAP, 1).putInt(77).putInt(REF).putInt(1)),
        NO_SUCH_HANDLE(m -> m.begin(Wire.UNMAP, 1).putInt(1).putInt(1000)),
        A_NEGATIVE_HANDLE(m -> m.begin(Wire.UNMAP, 1).putInt(1).putInt(-1)),
        A_COPY_OF_LESS_THAN_NOTHING(m -> m.begin(Wire.COPY_FROM, 1).putInt(1).putInt(REF).putInt(0).putInt(-1)),
        A_COPY_OF_MORE_THAN_A_PAGE(m -> m.begin(Wire.COPY_TO, 1).putInt(1).putInt(REF).putInt(0).putInt(5000)),
        A_COPY_THAT_IS_NOT_THERE(m -> m.begin(Wire.COPY_TO, 1).putInt(1).putInt(REF).putInt(0).putInt(4096)),
        A_RECORD_TOO_MANY(m -> m.begin(Wire.RECORD, 1).putInt(16)),
        A_NEGATIVE_RECORD(m -> m.begin(Wire.RECORD, 1).putInt(-1)),
        ANOTHERS_NODE(m -> m.begin(Wire.READ_NODE, 1).putText("../../control")),
        A_NODE_FAR_BELOW(m -> m.begin(Wire.READ_NODE, 1).putText("a/b/c")),
        THE_HANDSHAKES_NODE(m -> m.begin(Wire.WRITE_NODE, 1).putText("state").putText("4")),
        A_NODE_BELOW(m -> m.begin(Wire.WRITE_NODE, 1).putText("a/b").putText("4")),
        A_TEXT_WITHOUT_END(m -> m.begin(Wire.FAULT, 1).putInt(200)),
        A_TEXT_OF_NEGATIVE_LENGTH(m -> m.begin(Wire.FAULT, 1).putInt(-200)),
        A_TEXT_THAT_RINGS(m -> m.begin(Wire.FAULT, 1).putText("\007"));

        private final Consumer<Message> words;

        Lie(Consumer<Message> words) {
            this.words = words;
        }
    }

    /// Nothing is left of the connection.
    private CountDownLatch closed;
    private final FakeDomain domain = new FakeDomain();
    private final Message message = new Message();
    private final Fd memfd = Memfd.create("guest", 4096);
    private final StatusPage status = StatusPage.create("test");
    private UnixSocket socket;
    private Session session;
    private Generation generation;

    /// Memory in which whatever is mapped lies at the start.
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

    private static final class NoNodes extends DeviceNodes {
        @Override
        public void write(String name, String value) {
            assertThat(name).matches("[a-z0-9-]+");
            if (value.equals(FATAL)) {
                throw new InternalError("on purpose");
            }
        }

        @Override
        public Optional<String> read(String name) {
            return Optional.of("1");
        }
    }

    @BeforeEach
    void aProcessThatIsConnected() throws Exception {
        domain.grant(REF, false);
        domain.port(PORT);
        FakeProcess process = new FakeProcess(null);
        closed = new CountDownLatch(1);
        socket = process.socket();
        generation = new Generation(domain, new NoNodes(), _ -> { });
        Thread machine = Thread.ofPlatform().start(() -> {
            session = Session.open(new Session.Parts("test", "vbd", domain, new Memory(), 2, new WrittenNodes(),
                    status), process.peer(), closed::countDown);
            session.connect(generation, 0);
        });
        answer(Wire.HELLO, m -> m.putInt(Wire.OKAY).putInt(Wire.VERSION).putText("vbd"));
        answer(Wire.CONNECT, m -> m.putInt(Wire.OKAY));
        machine.join();
        say(1, Wire.OPEN_GRANTS);
        assertThat(hear().getInt()).isOne();
    }

    @AfterEach
    void theMachineHasEverythingBack() {
        end();
        memfd.close();
        status.close();
    }

    private void end() {
        session.end();
        session.awaitEnd();
        session.release();
        generation.close();
        await(closed);
        socket.close();
        assertThat(domain.mapped()).isZero();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void answer(int type, Consumer<Message> words) throws Exception {
        receive();
        assertThat(message.getInt()).isEqualTo(type);
        int tag = message.getInt();
        message.begin(type | Wire.REPLY, tag);
        words.accept(message);
        assertThat(message.send(socket)).isZero();
    }

    private long receive() {
        Poll poll = new Poll(1);
        poll.add(socket.raw(), Poll.POLLIN);
        while (poll.await(-1) == 0) {
            Thread.onSpinWait();
        }
        return message.receive(socket);
    }

    private void say(int tag, int type, int... numbers) {
        message.begin(type, tag);
        for (int number : numbers) {
            message.putInt(number);
        }
        assertThat(message.send(socket)).isZero();
    }

    /// The answer behind its type and tag.
    private Message hear() throws ProtocolException {
        assertThat(receive()).isPositive();
        message.getInt();
        message.getInt();
        return message;
    }

    @ParameterizedTest
    @EnumSource(Lie.class)
    void aLieEndsTheConnection(Lie lie) throws Exception {
        say(1, Wire.MAP, 1, REF, 1);
        assertThat(hear().getInt()).isZero();
        lie.words.accept(message);
        assertThat(message.send(socket)).isZero();
        assertThat(session.awaitEnd()).contains("breaks the protocol");
        assertThat(domain.mapped()).as("until the process has ended").isOne();
    }

    @Test
    void whatTheGuestDoesNotGrantIsNoLieAndIsNotMapped() throws Exception {
        say(1, Wire.MAP, 1, 1234, 1);
        assertThat(hear().getInt()).isEqualTo(XenGrantTable.GNTST_BAD_GNTREF);
        say(2, Wire.BIND, 1234);
        assertThat(hear().getInt()).isEqualTo(Wire.REFUSED);
        say(3, Wire.COPY_FROM, 1, 1234, 0, 64);
        assertThat(hear().getInt()).isEqualTo(XenGrantTable.GNTST_BAD_GNTREF);
    }

    @Test
    void aFaultOfOursEndsTheConnectionForAllWhoWait() {
        message.begin(Wire.WRITE_NODE, 1).putText("feature").putText(FATAL);
        assertThat(message.send(socket)).isZero();
        assertThat(session.awaitEnd()).contains("a fault of ours").contains("on purpose");
    }

    @Test
    void answersThatNobodyWaitsForAreDropped() throws Exception {
        for (int tag : new int[] {0, 1, 0xff, -1, 1 << 8}) {
            say(tag, Wire.CONNECT | Wire.REPLY, 0);
        }
        say(9, Wire.READ_NODE, 1);
        assertThat(session.awaitEnd()).contains("too short");
    }

    @Test
    void oneThatDoesNotReadItsAnswersIsDropped() {
        long result = 0;
        for (int i = 0; i < 1_000_000 && (result == 0 || result == -Errno.EAGAIN); i++) {
            result = message.begin(Wire.MAP, i).putInt(1).putInt(1234).putInt(1).send(socket);
        }
        assertThat(result).as("the connection has ended").isNotZero();
        assertThat(session.awaitEnd()).contains("does not read");
    }

    @Test
    void wordsByChanceDoNoHarm() throws Exception {
        Random random = new Random(5);
        int answered = 0;
        for (int connection = 0; connection < 100; connection++) {
            int type;
            do {
                type = Wire.READ_NODE + random.nextInt(Wire.FAULT - Wire.READ_NODE + 1);
                message.begin(type, connection);
                for (int word = random.nextInt(5); word >= 0; word--) {
                    message.putInt(random.nextInt(5) == 0 ? random.nextInt() : random.nextInt(9));
                }
                answered++;
            } while (message.send(socket) == 0 && receive() > 0);
            end();
            aProcessThatIsConnected();
        }
        assertThat(answered).isGreaterThan(150);
    }

    @Test
    void itsBytesAreCopiedOnlyWithinAPage() throws Exception {
        MemorySegment page = domain.grant(REF, false);
        MemorySegment data = Arena.ofAuto().allocate(4096);
        data.fill((byte) 7);
        message.begin(Wire.COPY_TO, 1).putInt(1).putInt(REF).putInt(0).putInt(4096).putBytes(data, 0, 4096);
        assertThat(message.send(socket)).isZero();
        assertThat(hear().getInt()).isZero();
        assertThat(page.mismatch(data)).isEqualTo(-1);
    }

    private void bindPort(int tag) throws ProtocolException {
        say(tag, Wire.BIND, PORT);
        assertThat(hear().getInt()).isEqualTo(Wire.OKAY);
    }

    @Test
    void oneThatDoesNotHearTheGuestsEventsHoldsNobodyUp() throws Exception {
        bindPort(2);
        try (UnixSocket kick = UnixSocket.of(message.takeDescriptor()); EventFd _ = EventFd.of(message.takeDescriptor())) {
            for (int i = 0; i < 100_000; i++) {
                domain.port(PORT).send();
            }
            Iovec word = new Iovec(1);
            word.add(Arena.ofAuto().allocate(1), 0, 1);
            assertThat(kick.receive(word)).as("it would have been woken").isOne();
            assertThat(kick.send(word)).as("nothing goes the other way").isEqualTo(-Errno.EPIPE);
        }
        domain.port(PORT).send();
        say(3, Wire.BIND, 1234);
        assertThat(hear().getInt()).isEqualTo(Wire.REFUSED);
    }

    @Test
    void aFloodOfEventsIsNoReasonNotToBeAnswered() throws Exception {
        bindPort(2);
        message.takeDescriptor().close();
        AtomicBoolean over = new AtomicBoolean();
        try (EventFd call = EventFd.of(message.takeDescriptor())) {
            Thread flood = Thread.ofPlatform().start(() -> {
                while (!over.get()) {
                    call.signal();
                }
            });
            for (int tag = 3; tag < 100; tag++) {
                say(tag, Wire.MAP, 1, 1234, 1);
                assertThat(hear().getInt()).isEqualTo(XenGrantTable.GNTST_BAD_GNTREF);
            }
            over.set(true);
            flood.join();
        }
        assertThat(domain.port(PORT).pendingCount()).isPositive();
    }

    @Test
    void whatIsBoundOverAndOverIsHeldOnce() throws Exception {
        long before = openDescriptors();
        for (int i = 0; i < 300; i++) {
            bindPort(2);
            message.closeDescriptors();
            if (i % 3 == 0) {
                say(3, Wire.UNBIND, PORT);
                assertThat(hear().getInt()).isEqualTo(Wire.OKAY);
                domain.port(PORT);
            }
            say(4, Wire.RECORD, i % 4);
            assertThat(hear().getInt()).isEqualTo(Wire.OKAY);
            message.closeDescriptors();
        }
        assertThat(openDescriptors() - before).isLessThan(20);
    }

    private static long openDescriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }

    @Test
    void descriptorsAreNotTakenAndEndTheConnection() throws Exception {
        try (EventFd event = EventFd.create()) {
            int[] many = new int[4];
            Arrays.fill(many, event.raw());
            assertThat(message.begin(Wire.MAP, 1).putInt(1).putInt(REF).putInt(1).with(many).send(socket)).isZero();
            assertThat(session.awaitEnd()).contains("sends descriptors");
            assertThat(domain.mapped()).isZero();
        }
    }

    @Test
    void itWritesOnlySoManyNodes() throws Exception {
        for (int i = 0; i < Wire.MAX_NODES; i++) {
            message.begin(Wire.WRITE_NODE, i).putText("node-" + i).putText("x");
            assertThat(message.send(socket)).isZero();
            assertThat(hear().getInt()).isEqualTo(Wire.OKAY);
        }
        message.begin(Wire.WRITE_NODE, 1).putText("node-5").putText("y");
        assertThat(message.send(socket)).isZero();
        assertThat(hear().getInt()).as("a known one").isEqualTo(Wire.OKAY);
        message.begin(Wire.WRITE_NODE, 1).putText("one-more").putText("x");
        assertThat(message.send(socket)).isZero();
        assertThat(session.awaitEnd()).contains("more than 64 nodes");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65, 3})
    void countersThatCannotBeEndTheConnection(int count) throws Exception {
        CompletableFuture<Void> asking = CompletableFuture.runAsync(() ->
                assertThatThrownBy(() -> session.counters(Long.MAX_VALUE)).isInstanceOf(LinkLostException.class));
        answer(Wire.COUNTERS, m -> m.putInt(count).putText("reads").putLong(5).putText("/").putLong(5));
        asking.get();
        assertThat(session.awaitEnd()).isNotNull();
    }

    @Test
    void whenTheFrontendHasGoneThereIsNothingMoreToBeHad() throws Exception {
        bindPort(2);
        message.closeDescriptors();
        generation.close();
        long before = openDescriptors();
        say(3, Wire.BIND, PORT);
        assertThat(hear().getInt()).isEqualTo(Wire.REFUSED);
        say(4, Wire.RECORD, 0);
        assertThat(session.awaitEnd()).contains("the frontend has gone");
        await(closed);
        assertThat(openDescriptors()).isLessThanOrEqualTo(before);
    }
}
