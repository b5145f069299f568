package xenolith.posix;

import static xenolith.posix.Libc.intResult;
import static xenolith.posix.Libc.invoke;
import static xenolith.posix.Libc.link;

import java.lang.invoke.MethodHandle;

/// The part of [Libc] for other programs.
final class LibcProcesses {
    private LibcProcesses() {
    }

    private static final class Processes {
        static final MethodHandle POSIX_SPAWN = link("posix_spawn");
        static final MethodHandle ACTIONS_INIT = link("posix_spawn_file_actions_init");
        static final MethodHandle ACTIONS_DUP2 = link("posix_spawn_file_actions_adddup2");
        static final MethodHandle ACTIONS_CLOSEFROM = link("posix_spawn_file_actions_addclosefrom_np");
        static final MethodHandle ACTIONS_DESTROY = link("posix_spawn_file_actions_destroy");
        static final MethodHandle WAITID = link("waitid");
        static final MethodHandle WAITPID = link("waitpid");
        static final MethodHandle KILL = link("kill");
        static final MethodHandle SYSCALL = link("syscall");
    }

    /// This and the calls for its file actions return the error itself; it is negated here like all others.
    static int posixSpawn(CallState state, long pidOut, long path, long actions, long argv, long envp) {
        return -(int) invoke(Processes.POSIX_SPAWN, state, pidOut, path, actions, 0, argv, envp);
    }

    static int spawnActionsInit(CallState state, long actions) {
        return -(int) invoke(Processes.ACTIONS_INIT, state, actions, 0, 0, 0, 0, 0);
    }

    static int spawnActionsDup2(CallState state, long actions, int fd, int newFd) {
        return -(int) invoke(Processes.ACTIONS_DUP2, state, actions, fd, newFd, 0, 0, 0);
    }

    static int spawnActionsCloseFrom(CallState state, long actions, int firstFd) {
        return -(int) invoke(Processes.ACTIONS_CLOSEFROM, state, actions, firstFd, 0, 0, 0, 0);
    }

    static int spawnActionsDestroy(CallState state, long actions) {
        return -(int) invoke(Processes.ACTIONS_DESTROY, state, actions, 0, 0, 0, 0, 0);
    }

    static int waitid(CallState state, int idType, int id, long siginfoOut, int options) {
        return intResult(state, invoke(Processes.WAITID, state, idType, id, siginfoOut, options, 0, 0));
    }

    static int waitpid(CallState state, int pid, long statusOut) {
        return intResult(state, invoke(Processes.WAITPID, state, pid, statusOut, 0, 0, 0, 0));
    }

    static int kill(CallState state, int pid, int signo) {
        return intResult(state, invoke(Processes.KILL, state, pid, signo, 0, 0, 0, 0));
    }

    /// For calls that older libraries have no function for.
    static int syscall(CallState state, long number, long first, long second) {
        return intResult(state, invoke(Processes.SYSCALL, state, number, first, second, 0, 0, 0));
    }
}
