package xenolith.backend.net.passt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import xenolith.backend.net.FramePort;
import xenolith.backend.net.Frames;
import xenolith.posix.Poll;
import xenolith.posix.UnixSocket;

/// Against programs that take passt's place.
@Timeout(30)
class PasstLinkTest {
    private static final long A = 0x0216_3e00_0001L;
    private static final String ECHO = "cat <&3 >&3";

    private final Frames frames = new Frames();
    private final Queue<String> log = new ConcurrentLinkedQueue<>();
    private PasstLink link;

    @TempDir
    private Path folder;

    private FramePort start(String script) throws IOException {
        return start(script, 1);
    }

    private FramePort start(String script, long graceNs) throws IOException {
        link = PasstLink.start("vif0", command(script), log::add, graceNs);
        return link.open(0);
    }

    private PasstCommand command(String script) throws IOException {
        Path program = folder.resolve("passt");
        Files.writeString(program, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return new PasstCommand(program, 1500, List.of(), List.of());
    }

    /// Where a process is seen that writes its number into the file `pid`.
    private Path process() throws Exception {
        Path pid = folder.resolve("pid");
        while (!Files.exists(pid) || Files.size(pid) == 0) {
            Thread.sleep(5);
        }
        return Path.of("/proc/" + Files.readString(pid).strip());
    }

    @AfterEach
    void close() {
        if (link != null) {
            link.close();
        }
    }

    /// The next frame's text, when it comes.
    private String await(FramePort port) {
        Poll poll = new Poll(1);
        poll.add(port.descriptor(), Poll.POLLIN);
        String text = frames.text(port);
        while (text.startsWith("none")) {
            poll.await(100_000_000);
            text = frames.text(port);
        }
        return text;
    }

    @Test
    void framesGoAndComeWholeWhateverTheSocketTakesAtOnce() throws Exception {
        FramePort port = start(ECHO);
        String big = "z".repeat(60_000);
        int sent = 0;
        int got = 0;
        while (got < 300) {
            if (sent < 300 && frames.send(port, Frames.BROADCAST, A, sent + big) == 0) {
                sent++;
                continue;
            }
            assertThat(await(port)).isEqualTo(got + big);
            got++;
        }
        assertThat(frames.text(port)).isEqualTo("none: -11");
    }

    /// What it cannot send at once passt throws away.
    @Test
    void manyFramesFindRoomBeforeTheGuestTakesAny() throws Exception {
        assumeThat(UnixSocket.ownUid()).as("who may make buffers of any size").isZero();
        start("dd if=/dev/zero bs=1M count=6 oflag=nonblock 2>/dev/null >&3 && echo all went; exec sleep 1000");
        while (log.isEmpty()) {
            Thread.sleep(5);
        }
        assertThat(log).containsExactly("passt of vif0: all went");
    }

    @Test
    void anUnfinishedChecksumIsFinished() throws Exception {
        FramePort port = start(ECHO);
        byte[] frame = Frames.bytes(Frames.BROADCAST, A, "\0".repeat(40) + "ab");
        // From byte 20 of the frame on, to be stored 16 bytes behind it: what is summed is 'ab' and the rest is 0.
        frame[0] = 1;
        frame[6] = 20;
        frame[8] = 16;
        assertThat(frames.send(port, frame)).isZero();
        int length;
        do {
            length = frames.receive(port);
        } while (length == -11);
        byte[] back = frames.received(length);
        assertThat(back).hasSize(frame.length);
        assertThat(back[0]).as("nothing is left to do").isZero();
        int sum = ('a' << 8 | 'b') + ((back[10 + 36] & 0xff) << 8 | back[10 + 37] & 0xff);
        assertThat(sum).isEqualTo(0xffff);
    }

    @Test
    void aProcessThatEndsIsSaidAndStartedAgain() throws Exception {
        FramePort port = start("sleep 0.4; echo first >>" + folder + "/runs; [ -s " + folder + "/again ] || "
                + "{ echo more >" + folder + "/again; echo 'it is broken' >&2; exit 3; }; " + ECHO);
        // Sent before its end, into the void after it, and to the next one.
        String text = "none";
        for (int i = 0; text.startsWith("none"); i++) {
            assertThat(frames.send(port, Frames.BROADCAST, A, "try " + i)).isIn(0, -11);
            Thread.sleep(20);
            text = frames.text(port);
        }
        assertThat(text).startsWith("try");
        assertThat(log).containsExactly("passt of vif0: it is broken", "the network of vif0 is down: its process ended with "
                + "status 3: it is broken; it is started again in 500 ms");
    }

    /// A guest may be able to make it talk.
    @Test
    void whatTheProcessSaysIsLoggedUnderTheInterfacesNameAndNotForEver() throws Exception {
        start("echo on standard output; echo on standard error >&2; "
                + "for i in $(seq 1000); do echo again >&2; done; touch " + folder + "/said; exec sleep 1000", 300_000_000L);
        while (!Files.exists(folder.resolve("said")) || log.size() < 200) {
            Thread.sleep(5);
        }
        Thread.sleep(50);
        assertThat(log).startsWith("passt of vif0: on standard output", "passt of vif0: on standard error",
                "passt of vif0: again").hasSize(200);
    }

    @Test
    void aProcessThatSendsNonsenseIsEnded() throws Exception {
        FramePort port = start("sleep 0.2; printf '\\377\\377\\377\\377' >&3; exec sleep 1000");
        while (log.isEmpty()) {
            assertThat(frames.receive(port)).isEqualTo(-11);
            Thread.sleep(10);
        }
        assertThat(log.peek()).contains("is down: its process ended with status 137");
    }

    @Test
    void aProcessThatEndsAtOnceIsAnErrorWithItsReason() {
        assertThatThrownBy(() -> start("echo 'Port 1 is in use' >&2; exit 1", 20_000_000_000L)).isInstanceOf(PasstException.class)
                .hasMessageContaining("does not run: its process ended with status 1: Port 1 is in use");
        assertThatThrownBy(() -> PasstLink.start("vif0",
                new PasstCommand(Path.of("/nowhere/passt"), 1500, List.of(), List.of()), log::add))
                .isInstanceOf(PasstException.class).hasMessageContaining("/nowhere/passt cannot be started");
    }

    @Test
    void theProcessEndsWithItsLink() throws Exception {
        start("echo $$ >" + folder + "/pid; exec sleep 1000");
        Path process = process();
        assertThat(process).exists();
        link.close();
        link = null;
        assertThat(process).doesNotExist();
        assertThat(log).isEmpty();
    }

    /// What is closed with the link its keeper uses until its end.
    @Test
    void whoeverIsInterruptedWhileHeClosesItWaitsAllTheSame() throws Exception {
        CountDownLatch logging = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        link = PasstLink.start("vif0", command("while echo again; do sleep 0.01; done"), _ -> {
            if (Thread.currentThread().getName().equals("passt-vif0")) {
                logging.countDown();
                await(goOn);
            }
        }, 1);
        logging.await();
        AtomicBoolean interrupted = new AtomicBoolean();
        Thread closing = Thread.ofPlatform().unstarted(() -> {
            Thread.currentThread().interrupt();
            link.close();
            interrupted.set(Thread.interrupted());
        });
        closing.start();
        assertThat(closing.join(Duration.ofMillis(200))).as("closed under its keeper's hands").isFalse();
        goOn.countDown();
        closing.join();
        link = null;
        assertThat(interrupted).as("it is known still").isTrue();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Here it is the log that fails, at what the first process says and then at what we say of that.
    @Test
    void aFaultOfOursIsAPauseAndNotTheEndOfTheNetwork() throws Exception {
        AtomicInteger failed = new AtomicInteger();
        link = PasstLink.start("vif0", command("[ -s " + folder + "/pid ] && " + ECHO + "; echo $$ >" + folder
                + "/pid; sleep 0.2; echo ready; exec sleep 1000"), line -> {
                    log.add(line);
                    if (failed.incrementAndGet() <= 2) {
                        throw new IllegalStateException("on purpose");
                    }
                }, 1);
        FramePort port = link.open(0);
        String text = "none";
        for (int i = 0; text.startsWith("none"); i++) {
            assertThat(frames.send(port, Frames.BROADCAST, A, "try " + i)).isIn(0, -11);
            Thread.sleep(20);
            text = frames.text(port);
        }
        assertThat(log).containsExactly("passt of vif0: ready", "the network of vif0 is down: a fault of ours: "
                + "java.lang.IllegalStateException: on purpose; its process ended with status 137: ready; "
                + "it is started again in 500 ms");
    }

    /// Here it is the log that fails.
    @Test
    void aProcessIsEndedWhenItsLinkCannotBeMade() throws Exception {
        PasstCommand command = command("echo $$ >" + folder + "/pid; echo ready; exec sleep 1000");
        assertThatThrownBy(() -> PasstLink.start("vif0", command, _ -> {
            throw new IllegalStateException("on purpose");
        }, 1_000_000_000L)).hasMessage("on purpose");
        assertThat(process()).doesNotExist();
    }

    @Test
    void optionsSayWhatIsForwarded() {
        Path program = Path.of("/usr/bin/passt");
        assertThat(new PasstCommand(program, 65_521, List.of("10.0.2.15"), List.of(Forward.parse("tcp:2222:22"),
                Forward.parse("tcp:127.0.0.1:8000-8010"), Forward.parse("udp:[::1]:53:5353"))).words())
                .containsSubsequence("--fd", "3", "--mtu", "65520", "--address", "10.0.2.15", "--tcp-ports", "2222:22",
                        "--tcp-ports", "127.0.0.1/8000-8010:8000-8010", "--udp-ports", "::1/53:5353");
        assertThat(new PasstCommand(program, 1500, List.of(), List.of()).words())
                .containsSubsequence("--tcp-ports", "none", "--udp-ports", "none");
        for (String wrong : List.of("", "22", "tcp", "tcp:", "icmp:1:1", "tcp:0", "tcp:70000", "tcp:10-5", "tcp:1-2:1-3",
                "tcp:a:1:2", "tcp:1:2:3", "tcp:22,u", "tcp:-", "tcp:::1:22")) {
            assertThat(Forward.parse(wrong)).as(wrong).isNull();
        }
    }

    @Test
    void theProgramIsFoundOnThePath() throws IOException {
        Path program = Files.createFile(folder.resolve("passt"));
        assertThat(PasstCommand.find("/nowhere:" + folder)).isEmpty();
        assumeThat(program.toFile().setExecutable(true)).isTrue();
        assertThat(PasstCommand.find("/nowhere:" + folder)).contains(program);
        assertThat(PasstCommand.find(null)).isEmpty();
    }
}
