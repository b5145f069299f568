package xenolith.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ChildProcessTest {
    private final UnixSocket.Pair socket = UnixSocket.streamPair();
    private final UnixSocket.Pair errors = UnixSocket.streamPair();
    private final MemorySegment memory = Arena.ofAuto().allocate(4096);

    @AfterEach
    void close() {
        socket.close();
        errors.close();
    }

    private ChildProcess shell(String script) {
        return ChildProcess.start(List.of("/bin/sh", "-c", script), Map.of("COLOUR", "blue"), socket.second(),
                errors.second());
    }

    private String received(UnixSocket from) {
        Iovec into = new Iovec(1);
        into.add(memory, 0, 4000);
        long length = from.receive(into);
        memory.set(java.lang.foreign.ValueLayout.JAVA_BYTE, Math.max(0, length), (byte) 0);
        return memory.getString(0);
    }

    @Test
    void aProgramHasItsSocketAndItsErrorsAndNothingElse() {
        ChildProcess child = shell("echo $COLOUR >&3; echo bad >&2; ls /proc/self/fd >&3");
        assertThat(child.await()).isZero();
        assertThat(received(errors.first())).isEqualTo("bad\n");
        // The last one is what ls itself reads its folder by.
        assertThat(received(socket.first())).isEqualTo("blue\n0\n1\n2\n3\n4\n");
    }

    @Test
    void itsEndIsToldAsAShellTellsIt() {
        assertThat(shell("exit 7").await()).isEqualTo(7);
        ChildProcess sleeper = shell("exec sleep 1000");
        assertThat(ProcessHandle.of(sleeper.pid())).isPresent();
        sleeper.kill();
        assertThat(sleeper.await()).isEqualTo(128 + 9);
        sleeper.kill();
        assertThat(Path.of("/proc/" + sleeper.pid())).doesNotExist();
    }

    @Test
    void aProgramThatIsNotThereIsAnError() {
        assertThatThrownBy(() -> ChildProcess.start(List.of("/nowhere/program"), Map.of(), socket.second(),
                errors.second())).isInstanceOf(HostException.class).hasMessageContaining("/nowhere/program: ENOENT");
    }
}
