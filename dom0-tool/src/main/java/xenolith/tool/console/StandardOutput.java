package xenolith.tool.console;

import xenolith.posix.Poll;

/// This process's standard output.
public final class StandardOutput {
    private static final int FD = 1;
    private static final short NOTHING = 0;
    private static final int GONE = Poll.POLLERR | Poll.POLLHUP | Poll.POLLNVAL;

    private StandardOutput() {
    }

    /// Whether nobody can read what is written there: the other end of a pipe is closed, a terminal has hung up. A
    /// command that prints now and then would not find out before it prints.
    public static boolean isGone() {
        Poll poll = new Poll(1);
        poll.add(FD, NOTHING);
        return poll.await(0) > 0 && (poll.revents(0) & GONE) != 0;
    }
}
