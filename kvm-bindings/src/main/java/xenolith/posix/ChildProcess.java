package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;

/// A program started with descriptors of ours, which [java.lang.ProcessBuilder] cannot: posix_spawn(3).
///
/// It has standard input as this process has, what it was given for its messages as standard output and error, descriptor
/// [#SOCKET] as it was given, and no other.
public final class ChildProcess {
    /// What the program is to call the socket that it gets.
    public static final int SOCKET = 3;

    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int SIGKILL = 9;
    private static final int P_PID = 1;
    private static final int WEXITED = 4;
    private static final int WNOWAIT = 0x1000000;
    /// `posix_spawn_file_actions_t` of `<spawn.h>` has 80 bytes.
    private static final long FILE_ACTIONS_BYTES = 128;

    private final int pid;
    private boolean reaped;

    private ChildProcess(int pid) {
        this.pid = pid;
    }

    /// Starts `command`, whose first word is the program's path. Throws [HostException] if it cannot.
    public static ChildProcess start(List<String> command, Map<String, String> environment, UnixSocket socket,
            UnixSocket messages) {
        CallState state = CallState.ofThread();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment actions = arena.allocate(FILE_ACTIONS_BYTES, Long.BYTES);
            HostException.check("posix_spawn_file_actions", LibcProcesses.spawnActionsInit(state, actions.address()));
            try {
                // A descriptor that already has the wanted number keeps its close-on-exec mark off by the same call.
                dup2(state, actions, messages.raw(), STDERR);
                dup2(state, actions, messages.raw(), STDOUT);
                dup2(state, actions, socket.raw(), SOCKET);
                HostException.check("posix_spawn_file_actions",
                        LibcProcesses.spawnActionsCloseFrom(state, actions.address(), SOCKET + 1));
                List<String> variables = environment.entrySet().stream().map(e -> e.getKey() + '=' + e.getValue()).toList();
                MemorySegment pid = arena.allocate(ValueLayout.JAVA_INT);
                HostException.check(command.getFirst(), LibcProcesses.posixSpawn(state, pid.address(),
                        arena.allocateFrom(command.getFirst()).address(), actions.address(),
                        strings(arena, command).address(), strings(arena, variables).address()));
                return new ChildProcess(pid.get(ValueLayout.JAVA_INT, 0));
            } finally {
                LibcProcesses.spawnActionsDestroy(state, actions.address());
            }
        }
    }

    private static void dup2(CallState state, MemorySegment actions, int from, int to) {
        HostException.check("posix_spawn_file_actions", LibcProcesses.spawnActionsDup2(state, actions.address(), from, to));
    }

    /// As `execve` takes them: addresses, and a zero at the end.
    private static MemorySegment strings(Arena arena, List<String> words) {
        MemorySegment array = arena.allocate(ValueLayout.JAVA_LONG, words.size() + 1);
        for (int i = 0; i < words.size(); i++) {
            array.setAtIndex(ValueLayout.JAVA_LONG, i, arena.allocateFrom(words.get(i)).address());
        }
        return array;
    }

    public int pid() {
        return pid;
    }

    /// Waits for its end. Returns its exit status, or 128 and the number of the signal that ended it. For one thread.
    public int await() {
        CallState state = CallState.ofThread();
        int result;
        do {
            result = LibcProcesses.waitid(state, P_PID, pid, state.scratch().address(), WEXITED | WNOWAIT);
        } while (result == -Errno.EINTR);
        HostException.check("waitid", result);
        return reap(state);
    }

    /// Gives its number back, which another process may have from then on.
    private synchronized int reap(CallState state) {
        MemorySegment status = state.scratch();
        HostException.check("waitpid", LibcProcesses.waitpid(state, pid, status.address()));
        reaped = true;
        int word = status.get(ValueLayout.JAVA_INT, 0);
        int signal = word & 0x7f;
        return signal == 0 ? word >> 8 & 0xff : 128 + signal;
    }

    /// Ends it, if it has not ended.
    public synchronized void kill() {
        if (!reaped) {
            LibcProcesses.kill(CallState.ofThread(), pid, SIGKILL);
        }
    }
}
